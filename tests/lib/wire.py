# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Messages between Doorstep's processes, for tests that stand in for one of
them: the codec is made from src/ipc/messages.def, as the daemon's own is."""

import array
import os
import re
import socket
import struct

SOURCE = os.path.join(os.path.dirname(__file__), "..", "..", "src", "ipc", "messages.def")
NUMBERS = {"U8": "<B", "U32": "<I", "U64": "<Q", "I64": "<q"}


def read_definitions():
    """Names of messages in their order, and for each record or message its
    fields: (type, name, record)."""
    with open(SOURCE) as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    order, fields = [], {}
    for word, inside in re.findall(r"^(\w+)\((.*)\)$", text, flags=re.M):
        parts = [part.strip() for part in inside.split(",")]
        if word == "MESSAGE":
            order.append(parts[0])
            fields[parts[0]] = []
        elif word == "RECORD":
            fields[parts[0]] = []
        elif word == "FIELD":
            fields[parts[0]].append((parts[1], parts[2], None))
        elif word == "LIST":
            fields[parts[0]].append(("LIST", parts[2], parts[1]))
    return order, fields


ORDER, FIELDS = read_definitions()


def pack(record, values):
    out = b""
    for kind, name, of in FIELDS[record]:
        value = values.get(name)
        if kind in NUMBERS:
            out += struct.pack(NUMBERS[kind], value or 0)
        elif kind == "STR":
            value = value or b""
            value = value.encode() if isinstance(value, str) else value
            out += struct.pack("<I", len(value)) + value
        elif kind == "LIST":
            value = value or []
            out += struct.pack("<I", len(value)) + b"".join(pack(of, v) for v in value)
    return out


def unpack(record, data, at=0):
    values = {}
    for kind, name, of in FIELDS[record]:
        if kind in NUMBERS:
            (values[name],) = struct.unpack_from(NUMBERS[kind], data, at)
            at += struct.calcsize(NUMBERS[kind])
        elif kind == "STR":
            (n,) = struct.unpack_from("<I", data, at)
            values[name] = bytes(data[at + 4:at + 4 + n])
            at += 4 + n
        elif kind == "LIST":
            (n,) = struct.unpack_from("<I", data, at)
            at += 4
            values[name] = []
            for _ in range(n):
                item, at = unpack(of, data, at)
                values[name].append(item)
    return values, at


class Link:
    """One end of a link; the other is for a process of Doorstep's."""

    def __init__(self):
        self.socket, self.other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.other.setblocking(False)

    def close(self):
        self.socket.close()
        self.other.close()

    def send(self, name, fd=None, **values):
        data = struct.pack("<H", ORDER.index(name)) + pack(name, values)
        beside = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                         array.array("i", [fd]))]
        self.socket.sendmsg([data], beside)

    def receive(self, timeout=20):
        """(name, values), or None when the other end is closed."""
        self.socket.settimeout(timeout)
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionResetError:
            return None
        if data == b"":
            return None
        name = ORDER[struct.unpack_from("<H", data)[0]]
        return name, unpack(name, data, 2)[0]
