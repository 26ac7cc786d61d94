"""Picture of one page of the built site: python tools/screenshot.py PAGE.html PICTURE.png."""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("page", type=Path)
parser.add_argument("picture", type=Path)
parser.add_argument("--width", type=int, default=1280)
parser.add_argument("--height", type=int, default=860)
parser.add_argument("--theme", choices=["light", "dark"], default="light")
parser.add_argument("--whole", action="store_true", help="the whole page, not only its first screen")
arguments = parser.parse_args()

chromium = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
    page = browser.new_page(
        viewport={"width": arguments.width, "height": arguments.height}, color_scheme=arguments.theme
    )
    page.goto(arguments.page.resolve().as_uri())
    page.wait_for_function("!window.MathJax || MathJax.startup.promise.then(() => document.fonts.ready)")
    page.screenshot(path=arguments.picture, full_page=arguments.whole)
    browser.close()
