"""The web console's files: what is served, how it is cached, what the browser is told to forbid."""

import unittest

import httpx

from contract import HOOKS
from harness import ServerTest


class ConsoleTest(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.web = httpx.Client(base_url=cls.server.url, timeout=60, verify=False, event_hooks=HOOKS)

    @classmethod
    def tearDownClass(cls):
        cls.web.close()
        super().tearDownClass()

    def test_the_page_and_its_files_need_no_credential(self):
        page = self.web.get("/")
        self.assertEqual(page.status_code, 200)
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        for path, media in [("app.js", "text/javascript"), ("style.css", "text/css"),
                            ("parts/api.js", "text/javascript"), ("icon.svg", "image/svg+xml"),
                            ("vendor/preact.mjs", "text/javascript"),
                            ("vendor/preact-LICENSE.txt", "text/plain")]:
            answer = self.web.get("/console/" + path)
            self.assertEqual(answer.status_code, 200, path)
            self.assertTrue(answer.headers["Content-Type"].startswith(media), path)
            self.assertGreater(len(answer.text), 100)

    def test_a_bad_credential_does_not_lock_the_page(self):
        self.assertEqual(self.web.get("/", headers={"Authorization": "Bearer nope"}).status_code, 200)

    def test_the_page_may_load_and_reach_nothing_but_this_server(self):
        for path in ("/", "/console/app.js"):
            headers = self.web.get(path).headers
            policy = dict(part.strip().split(" ", 1)
                          for part in headers["Content-Security-Policy"].split(";"))
            self.assertEqual(policy["default-src"], "'none'")
            for kind in ("script-src", "style-src", "connect-src", "img-src"):
                self.assertEqual(policy[kind], "'self'")
            self.assertEqual(policy["frame-ancestors"], "'none'")
            self.assertEqual(policy["require-trusted-types-for"], "'script'")
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        text = self.web.get("/").text
        self.assertNotIn("style=", text)
        self.assertNotRegex(text, r"<script(?![^>]*\bsrc=)")
        self.assertNotRegex(text, r"(src|href)=\"https?:")

    def test_a_file_that_did_not_change_is_not_sent_again(self):
        # A compressed file has a tag of its own.
        first = self.web.get("/console/app.js", headers={"Accept-Encoding": "identity"})
        self.assertEqual(first.headers["Cache-Control"], "no-cache")
        tag = first.headers["ETag"]
        for known in (tag, f'"other", {tag}', "W/" + tag, "*"):
            again = self.web.get("/console/app.js", headers={"If-None-Match": known})
            self.assertEqual((again.status_code, again.content), (304, b""), known)
            self.assertEqual(again.headers["ETag"], tag)
        changed = self.web.get("/console/app.js", headers={"If-None-Match": '"other"'})
        self.assertEqual(changed.status_code, 200)
        head = self.web.head("/console/app.js", headers={"Accept-Encoding": "identity"})
        self.assertEqual((head.status_code, head.content), (200, b""))
        self.assertEqual(head.headers["ETag"], tag)

    def test_other_paths_are_not_found(self):
        for path in ("/console", "/console/", "/console/none.js", "/console/parts", "/console/index.html",
                     "/console/..%2fapp.js", "/console/parts/..%2f..%2fapp.js", "/console/a/b/c.js"):
            self.assertEqual(self.web.get(path).status_code, 404, path)


if __name__ == "__main__":
    unittest.main()
