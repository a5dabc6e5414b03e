"""Settings: read once from `HDS_*` variables or a TOML file, frozen, all problems named."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self, get_args
from urllib.parse import urlsplit


class BadSettings(Exception):
    """The settings cannot start a portal; the text names every problem, one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that may differ between two installations.  Secrets are given as files."""

    data: Path
    """Folder below which everything is written that is not named otherwise."""
    public_url: str = ""
    """Where browsers reach us; empty: the host and port below, by http."""
    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = field(default="", repr=False)
    """`sqlite://…` or `asyncpg://…`; empty: `portal.db` in the data folder."""
    object_folder: Path = Path()
    object_store: str = ""  # s3://bucket/prefix?region=…&endpoint=…; empty: the folder above
    object_key_file: Path | None = None  # its access key: id and secret, a line each
    key_folder: Path = Path()
    redis_url: str = field(default="", repr=False)
    """Carries ids between several processes; empty: this is the only one."""
    mail: Literal["smtp", "mailbox"] = "smtp"
    """`mailbox` shows all mails to anybody at /demo/mailbox: by https in a `demo` only."""
    mail_from: str = "HealthDataSpace <no-reply@localhost>"
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_user: str = ""
    smtp_password_file: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    """
    Networks of proxies whose `X-Forwarded-For` we believe, given parted by blanks: the last entry
    that is none of these counts.  What stands before it is the visitor's own invention.
    """
    session_idle_minutes: int = 20
    session_hours: int = 12
    second_factor: Literal["required", "offered"] = "required"
    """Of professionals; `offered` is for demos and for moving in."""
    password_memory_mib: int = 64
    password_rounds: int = 3
    decoders: int = 2
    """Limited child processes that read foreign images."""
    free_quota: int = 1024**3
    """Bytes a free account may keep (S-124)."""
    push_hosts: str = ""  # more push services to trust, their host names parted by blanks
    demo: bool = False
    """Nothing in here is real."""

    def __post_init__(self) -> None:
        """Derive what was left empty from the data folder."""
        data = self.data.absolute()
        object.__setattr__(self, "data", data)
        if not self.public_url:
            object.__setattr__(self, "public_url", f"http://{self.host}:{self.port}")
        if not self.database_url:
            url = f"sqlite://{data / 'portal.db'}?busy_timeout=10000&synchronous=FULL"
            object.__setattr__(self, "database_url", url)
        if self.object_folder == Path():
            object.__setattr__(self, "object_folder", data / "objects")
        if self.key_folder == Path():
            object.__setattr__(self, "key_folder", data / "keys")

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https, so that cookies may insist on it."""
        return self.public_url.startswith("https://")

    @property
    def origin(self) -> str:
        """Scheme, host and port as a browser sends them in `Origin` (RFC 6454)."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Self:
        """
        Settings from the TOML file named by `HDS_CONFIG`, if any, overruled by `HDS_*` variables.

        Raises `BadSettings` naming every unknown, missing or unreadable setting.
        """
        problems: list[str] = []
        given: dict[str, Any] = dict(_from_file(env.get("HDS_CONFIG"), problems))
        given |= {
            name.removeprefix("HDS_").lower(): value
            for name, value in env.items()
            if name.startswith("HDS_") and name != "HDS_CONFIG"
        }
        known = {each.name: each for each in fields(cls)}
        problems += [f"{_shown(name)} is not a setting" for name in given if name not in known]
        values: dict[str, Any] = {}
        for name, each in known.items():
            if name in given:
                try:
                    read = _READ.get(str(each.type)) or _one_of(*get_args(each.type))
                    values[name] = read(given[name])
                except (ValueError, TypeError) as error:
                    problems.append(f"{_shown(name)}: {error}")
            elif each.default is MISSING:
                problems.append(f"{_shown(name)} is missing")
        problems += _implausible(values)
        if problems:
            raise BadSettings("\n".join(problems))
        return cls(**values)


def _shown(name: str) -> str:
    return f"HDS_{name.upper()}"


def _from_file(path: str | None, problems: list[str]) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        problems.append(f"HDS_CONFIG: {error}")
        return {}


def _bool(value: object) -> bool:
    if (said := str(value).lower()) in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        return said in {"1", "true", "yes", "on"}
    raise ValueError("must be true or false")


def _one_of(*allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return str(value)

    return read


def _int(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise ValueError("must be a whole number") from None


def _networks(value: object) -> tuple[str, ...]:
    return tuple(str(ip_network(each)) for each in str(value).split())


_READ: dict[str, Callable[[Any], Any]] = {
    str(str): str,
    str(int): _int,
    str(bool): _bool,
    str(Path): Path,
    str(Path | None): Path,
    str(tuple[str, ...]): _networks,
}


def _implausible(values: Mapping[str, Any]) -> list[str]:
    problems = []
    url = urlsplit(values.get("public_url", "http://localhost"))
    if url.scheme not in {"http", "https"} or not url.netloc or url.path not in {"", "/"}:
        problems.append("HDS_PUBLIC_URL must be http(s)://host[:port] without a path")
    begins = {"database_url": ("sqlite:", "asyncpg:"), "redis_url": ("redis:", "rediss:", "unix:")}
    for name, schemes in begins.items():
        if values.get(name) and not values[name].startswith(schemes):
            problems.append(f"{_shown(name)} must begin with {' or '.join(schemes)}")
    if "@" not in parseaddr(values.get("mail_from", "a@b"))[1]:
        problems.append("HDS_MAIL_FROM must be an address, with or without a name before it")
    if values.get("mail") == "mailbox" and url.scheme == "https" and not values.get("demo"):
        problems.append("HDS_MAIL=mailbox shows all mails to anybody: only with HDS_DEMO=true")
    counts = ("session_idle_minutes", "session_hours", "decoders", "free_quota")
    problems += [f"{_shown(name)} must be above 0" for name in counts if values.get(name, 1) < 1]
    limits = {"port": (0, 65535), "smtp_port": (1, 65535)}
    limits |= {"password_memory_mib": (46, 1024), "password_rounds": (1, 16)}
    for name, (least, most) in limits.items():
        if not least <= values.get(name, least) <= most:
            problems.append(f"{_shown(name)} must be between {least} and {most}")
    return problems
