"""Why a key of a compose file has no place in the table of services."""

from typing import Final

_BY_REASON: Final = {
    "services answer on 127.0.0.1, each at its port": (
        "container_name", "dns", "dns_opt", "dns_search", "domainname", "external_links", "extra_hosts",
        "hostname", "ipc", "links", "mac_address", "network_mode", "networks",
    ),
    "ci-toolkit starts it when it is needed, and ends it with the run": (
        "attach", "init", "post_start", "pre_stop", "provider", "restart", "scale", "stop_grace_period", "stop_signal",
    ),
    "the table sets no limits of containers": (
        "blkio_config", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime",
        "cpu_shares", "cpus", "cpuset", "deploy", "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit",
        "oom_kill_disable", "oom_score_adj", "pids_limit", "shm_size", "storage_opt", "sysctls", "ulimits",
    ),
    "the table does not say how a container runs": (
        "cap_add", "cap_drop", "cgroup", "cgroup_parent", "credential_spec", "device_cgroup_rules", "devices", "gpus",
        "group_add", "isolation", "pid", "platform", "privileged", "pull_policy", "read_only", "runtime",
        "security_opt", "stdin_open", "tmpfs", "tty", "user", "userns_mode", "uts", "volumes_from",
    ),
    "a row has one `command`, which runs in the project's root": ("entrypoint", "working_dir"),
    "no file is given to a server": ("configs", "secrets"),
    "its log is in the bundle": ("logging",),
    "nothing of a test reads them": ("annotations", "label_file", "labels"),
    "a run does not watch files": ("develop",),
}  # fmt: skip
_REASON: Final = {key: reason for reason, keys in _BY_REASON.items() for key in keys}


def reason_for(key: str) -> str:
    """Return why nothing is taken of ``key``."""
    return _REASON.get(key, "compose has no such key of a service")
