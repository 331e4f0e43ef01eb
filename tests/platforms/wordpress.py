"""WordPress as Debian packs it, with a MariaDB that listens on a socket alone and PHP's own server on loopback."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.platforms.running import alone, answers, debian, free_port, run, server

PACKAGES = ("wordpress", "php-cli", "php-mysql", "php-curl", "php-xml", "php-mbstring", "mariadb-server")
_SOURCE = Path("/usr/share/wordpress")
_CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', 'http://' . $_SERVER['HTTP_HOST']); define('WP_SITEURL', WP_HOME);
define('WP_ENVIRONMENT_TYPE', 'local'); define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_CONTENT_DIR', __DIR__ . '/wp-content');
{salts}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
_SALTS = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT")
ADMIN, ADMIN_PASSWORD = "gov", "Admin-and-only-for-tests-1"


def _installed() -> None:
    """Debian's packages, where they are not there."""
    with alone("debian"):
        if not ((_SOURCE / "wp-login.php").exists() and shutil.which("php") and shutil.which("mariadbd")):
            debian(*PACKAGES)


class Site:
    """A running site. Asks as a browser does, and as a client of REST does; apart from our own HTTP, on purpose."""

    def __init__(self, url: str) -> None:
        self.url = url

    def log_in(self, login: str, password: str) -> urllib.request.OpenerDirector | None:
        """A browser that is logged in; None where the form refuses it."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar := http.cookiejar.CookieJar()))
        form = {"log": login, "pwd": password, "wp-submit": "Log In"}
        browser.open(f"{self.url}/wp-login.php", urllib.parse.urlencode(form).encode(), timeout=60).close()
        return browser if any(cookie.name.startswith("wordpress_logged_in") for cookie in jar) else None

    def is_in(self, browser: urllib.request.OpenerDirector) -> bool:
        """Whether the dashboard shows, not the login form."""
        with browser.open(f"{self.url}/wp-admin/profile.php", timeout=60) as page:
            return "wp-login.php" not in str(page.url)

    def rest(
        self, method: str, route: str, value: Any = None, *, by: tuple[str, str], nonce: str = "", browser: Any = None
    ) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        headers |= {"X-WP-Nonce": nonce} if nonce else {"Authorization": f"Basic {b64encode(':'.join(by).encode()).decode()}"}
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}/?rest_route={route}", data, headers, method=method)  # noqa: S310  loopback
        try:
            with (browser or urllib.request.build_opener()).open(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def takes(self, login: str, app_password: str) -> bool:
        """Whether an application password opens anything."""
        return self.rest("GET", "/wp/v2/users/me", by=(login, app_password))[0] == 200

    def app_password(self, login: str, password: str, name: str) -> str:
        """An application password, made as people make it: logged in, with the site's nonce."""
        browser = self.log_in(login, password)
        assert browser is not None
        with browser.open(f"{self.url}/wp-admin/admin-ajax.php?action=rest-nonce", timeout=60) as answer:
            nonce = answer.read().decode()
        status, made = self.rest(
            "POST", "/wp/v2/users/me/application-passwords", {"name": name}, by=(login, ""), nonce=nonce, browser=browser
        )
        assert status == 201, made
        return str(made["password"])

    def register(self, login: str, password: str, *, by: str) -> int:
        """A new editor; `by`: an application password of the admin."""
        value = {"username": login, "password": password, "email": f"{login}@acme.example", "roles": ["editor"]}
        status, made = self.rest("POST", "/wp/v2/users", value, by=(ADMIN, by))
        assert status == 201, made
        return int(made["id"])


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """A fresh site in `folder`, with the admin `gov`."""
    _installed()
    folder.mkdir(parents=True, exist_ok=True)
    site, data = folder / "site", folder / "db"
    shutil.copytree(_SOURCE, site, symlinks=False, ignore_dangling_symlinks=True)
    # a socket's path may have no more than a hundred characters
    with tempfile.TemporaryDirectory(prefix="govern-db-") as short:
        socket = Path(short) / "m.sock"
        salts = "\n".join(f"define('{name}', '{os.urandom(24).hex()}');" for name in _SALTS)
        (site / "wp-config.php").unlink(missing_ok=True)
        (site / "wp-config.php").write_text(_CONFIG.format(socket=socket, salts=salts))
        own = ["--user=root"] if os.geteuid() == 0 else []
        run("mariadb-install-db", *own, f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db")
        database = ["mariadbd", "--no-defaults", *own, f"--datadir={data}", f"--socket={socket}", "--skip-networking", "--skip-log-bin"]
        (folder / "d").mkdir()
        with server(database, cwd=folder / "d", ready=socket.exists):
            run("mariadb", "--no-defaults", f"--socket={socket}", "-uroot", "-e", "CREATE DATABASE IF NOT EXISTS wordpress")
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            php = ["php", "-d", "sendmail_path=/bin/true", "-S", f"127.0.0.1:{port}", "-t", site]
            with server(php, cwd=folder, ready=lambda: answers(f"{url}/readme.html"), env={"PHP_CLI_SERVER_WORKERS": "4"}):
                form = {
                    "weblog_title": "Brand", "user_name": ADMIN, "admin_password": ADMIN_PASSWORD, "admin_password2": ADMIN_PASSWORD,
                    "pw_weak": "1", "admin_email": "gov@acme.example", "blog_public": "0", "language": "",
                }  # fmt: skip
                data_ = urllib.parse.urlencode(form).encode()
                with urllib.request.urlopen(f"{url}/wp-admin/install.php?step=2", data_, timeout=120) as page:  # noqa: S310
                    said = page.read().decode()
                assert re.search("Success|Log In", said), said[-2000:]
                yield Site(url)
