"""Where somebody asks from, as coarse as addresses are handed out."""

from ipaddress import ip_address, ip_network


def network_of(address: str | None) -> str:
    """The /24 (IPv4) or /48 (IPv6) an address lies in: what a throttle counts."""
    try:
        ip = ip_address(address or "")
    except ValueError:
        return "unknown"
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip_network((ip, 24 if ip.version == 4 else 48), strict=False))  # noqa: PLR2004 -- IPv4
