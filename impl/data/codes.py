"""The numbers of the client protocol: operations, error codes, permissions, create flags, events.

Knows nothing of trees or bytes. Source: `ZooDefs.OpCode`, `KeeperException.Code`, `ZooDefs.Perms`, `CreateMode`,
`Watcher.Event.EventType`. The members are plain integers, for they are compared in the innermost loops.
"""

from enum import IntEnum


class Op(IntEnum):
    """What a request asks for; the same numbers type the records of the transaction log."""

    NOTIFICATION = 0
    CREATE = 1
    DELETE = 2
    EXISTS = 3
    GET_DATA = 4
    SET_DATA = 5
    GET_ACL = 6
    SET_ACL = 7
    GET_CHILDREN = 8
    SYNC = 9
    PING = 11
    GET_CHILDREN2 = 12
    CHECK = 13
    MULTI = 14
    CREATE2 = 15
    RECONFIG = 16
    CHECK_WATCHES = 17
    REMOVE_WATCHES = 18
    CREATE_CONTAINER = 19
    DELETE_CONTAINER = 20
    CREATE_TTL = 21
    MULTI_READ = 22
    AUTH = 100
    SET_WATCHES = 101
    SASL = 102
    GET_EPHEMERALS = 103
    GET_ALL_CHILDREN_NUMBER = 104
    SET_WATCHES2 = 105
    ADD_WATCH = 106
    WHO_AM_I = 107
    CREATE_SESSION = -10
    CLOSE_SESSION = -11
    ERROR = -1


class Code(IntEnum):
    """The error of a reply; 0 is success."""

    OK = 0
    SYSTEM_ERROR = -1
    RUNTIME_INCONSISTENCY = -2
    DATA_INCONSISTENCY = -3
    CONNECTION_LOSS = -4
    MARSHALLING_ERROR = -5
    UNIMPLEMENTED = -6
    OPERATION_TIMEOUT = -7
    BAD_ARGUMENTS = -8
    NEW_CONFIG_NO_QUORUM = -13
    RECONFIG_IN_PROGRESS = -14
    API_ERROR = -100
    NO_NODE = -101
    NO_AUTH = -102
    BAD_VERSION = -103
    NO_CHILDREN_FOR_EPHEMERALS = -108
    NODE_EXISTS = -110
    NOT_EMPTY = -111
    SESSION_EXPIRED = -112
    INVALID_ACL = -114
    AUTH_FAILED = -115
    SESSION_MOVED = -118
    NOT_READ_ONLY = -119
    EPHEMERAL_ON_LOCAL_SESSION = -120
    NO_WATCHER = -121
    RECONFIG_DISABLED = -123
    QUOTA_EXCEEDED = -125


class Refused(Exception):
    """A request that must not succeed; `code` is what the client is told."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"{code.name.lower()} ({int(code)})")
        self.code = code


READ, WRITE, CREATE, DELETE, ADMIN = 1, 2, 4, 8, 16


class Flag(IntEnum):
    """The create mode a client sends."""

    PERSISTENT = 0
    EPHEMERAL = 1
    PERSISTENT_SEQUENTIAL = 2
    EPHEMERAL_SEQUENTIAL = 3
    CONTAINER = 4
    TTL = 5
    TTL_SEQUENTIAL = 6

    @property
    def sequential(self) -> bool:
        return self in (Flag.PERSISTENT_SEQUENTIAL, Flag.EPHEMERAL_SEQUENTIAL, Flag.TTL_SEQUENTIAL)

    @property
    def ephemeral(self) -> bool:
        return self in (Flag.EPHEMERAL, Flag.EPHEMERAL_SEQUENTIAL)

    @property
    def ttl(self) -> bool:
        return self in (Flag.TTL, Flag.TTL_SEQUENTIAL)


class EventType(IntEnum):
    """What a watch reports."""

    NODE_CREATED = 1
    NODE_DELETED = 2
    NODE_DATA_CHANGED = 3
    NODE_CHILDREN_CHANGED = 4
