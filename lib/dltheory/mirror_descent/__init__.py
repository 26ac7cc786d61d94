"""Mirror descent: descent in the geometry of a convex potential, and the solutions it selects."""
