"""Fetches an image that a caller named by URL, from public addresses only."""

import ipaddress
import socket
import urllib.parse
import urllib.request

LIMIT = 20 * 1024 * 1024


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could lead to an address that was not checked."""

    def redirect_request(self, *_):
        return None


def fetch(url):
    check(url)
    opener = urllib.request.build_opener(_NoRedirect)
    with opener.open(url, timeout=30) as response:
        data = response.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise ValueError("The image at %s is larger than %d bytes." % (url, LIMIT))
    return data


def check(url):
    """Raises ValueError unless the URL is http or https and its host has public addresses only."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("Images are fetched by http and https only, not from %r." % url)
    if urllib.request.getproxies().get(parts.scheme):
        return  # The proxy is the one that resolves the name, and the egress rules are its business.
    for info in socket.getaddrinfo(parts.hostname, None):
        if not ipaddress.ip_address(info[4][0].split("%")[0]).is_global:
            raise ValueError("Images are not fetched from private or local addresses: %r." % url)
