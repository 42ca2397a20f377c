# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Random messages, and random scripts of which the RFCs say what comes of each
test.  Knows no engine."""

import collections
import re

REQUIRED = ["fileinto", "envelope", "variables", "relational", "subaddress", "imap4flags", "copy",
            "regex", "comparator-i;ascii-numeric"]
SENDER, RECIPIENT = "Ann+News@Example.net", "jane+lists@example.org"
WORDS = ["a", "b", "A", "B", "foo", "Foo", "FOO", "bar", "-", ".", "+", "1", "23", "007", "x", " "]
ODD = ["*", "?", "\\", "ü", "É", "ß", "日"]


# ---- what the RFCs say ----

def fold(comparator, octets):
    return octets if comparator == "i;octet" else octets.upper()


def number(text):
    digits = re.match(rb"[0-9]*", text).group()
    return int(digits) if digits else None


def compare(comparator, a, b):
    """RFC 4790 9: below, at or above zero."""
    if comparator == "i;ascii-numeric":
        a, b = number(a), number(b)
        if a is None or b is None:
            return (a is None) - (b is None)
    else:
        a, b = fold(comparator, a), fold(comparator, b)
    return (a > b) - (a < b)


RELATIONS = {"gt": lambda o: o > 0, "ge": lambda o: o >= 0, "lt": lambda o: o < 0,
             "le": lambda o: o <= 0, "eq": lambda o: o == 0, "ne": lambda o: o != 0}


def glob(pattern):
    """RFC 5228 2.7.1 and 5229 3.2, of octets."""
    result, i = b"", 0
    while i < len(pattern):
        c = pattern[i:i + 1]
        i += 1
        if c == b"*":
            result += b"(.*?)"
        elif c == b"?":
            result += b"(.)"
        else:
            if c == b"\\" and i < len(pattern):
                c = pattern[i:i + 1]
                i += 1
            result += re.escape(c)
    return b"^" + result + rb"\Z"


def match(how, comparator, value, key):
    """False, or a list of captures, ${0} first."""
    value, key = value.encode(), key.encode()
    if how == "is":
        return [] if compare(comparator, value, key) == 0 else False
    if how == "contains":
        return [] if fold(comparator, key) in fold(comparator, value) else False
    if how.startswith(("value", "count")):
        return [] if RELATIONS[how.split()[1].strip('"')](compare(comparator, value, key)) else False
    flags = re.DOTALL | (0 if comparator == "i;octet" else re.IGNORECASE)
    found = re.search(glob(key) if how == "matches" else key, value, flags)
    if found is None:
        return False
    return [(g or b"").decode(errors="replace") for g in (found.group(0),) + found.groups()]


def outcome(how, comparator, values, keys):
    """RFC 5228 2.7.1, 5231 4.2."""
    if how.startswith("count"):
        values = [str(len(values))]
    for value in values:
        for key in keys:
            found = match(how, comparator, value, key)
            if found is not False:
                return found
    return False


# RFC 5229 4.1, in the order of their precedence.
MODIFIERS = {
    "lower": str.lower,
    "upper": str.upper,
    "lowerfirst": lambda text: text[:1].lower() + text[1:],
    "upperfirst": lambda text: text[:1].upper() + text[1:],
    "quotewildcard": lambda text: re.sub(r"([*?\\])", r"\\\1", text),
    "length": lambda text: str(len(text)),
}


# ---- scripts ----

def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_list(texts):
    return quote(texts[0]) if len(texts) == 1 else "[" + ", ".join(map(quote, texts)) + "]"


Step = collections.namedtuple("Step", "text kind expected")


class Maker:
    """The base language and what is nearest to it."""

    REQUIRED = REQUIRED
    WORDS = WORDS
    ODD = ODD
    # Kinds in which engines are known to be wrong: a test that joins others is
    # known when it holds one of these.
    KNOWN = ()
    # Tests that set no match variables, or by which of several values is nobody's matter.
    SILENT = {"hasflag"}

    def __init__(self, rng):
        self.rng = rng
        self.flags = []
        self.message, self.fields, self.addresses = self.make_message()

    def text(self, most, odd=0.15):
        picked = [self.rng.choice(self.ODD if self.rng.random() < odd else self.WORDS)
                  for _ in range(self.rng.randint(0, most))]
        return re.sub(" +", " ", "".join(picked)).strip()

    # -- messages --

    def encode(self, text):
        """As it may stand in a field."""
        rng = self.rng
        if text and (not text.isascii() or rng.random() < 0.1):
            word = "".join(chr(c) if chr(c).isalnum() and c < 128 else "=%02X" % c
                           for c in text.encode())
            return "=?%s?q?%s?=" % (rng.choice(["utf-8", "UTF-8"]), word)
        if " " in text and rng.random() < 0.3:
            return text.replace(" ", "\n ", 1)
        return text

    def address(self):
        """How one is written, and local part and domain; None: none can be said."""
        rng = self.rng
        local = rng.choice(["ann", "Bob", "jane+lists", "x+y+z", "a.b", "+d", "e+"])
        domain = rng.choice(["example.org", "Example.NET", "a.b.c"])
        plain = "%s@%s" % (local, domain)
        written = rng.choice([plain, "<%s>" % plain, "Ann B <%s>" % plain, '"B, Ann" <%s>' % plain,
                              "%s (a (nested) one)" % plain, "(before) %s" % plain,
                              "=?utf-8?q?=C3=BC?= <%s>" % plain])
        return written, (local, domain)

    def make_addresses(self):
        rng = self.rng
        made = [self.address() for _ in range(rng.randint(1, 3))]
        text = rng.choice([", ", ",\n\t"]).join(written for written, _ in made)
        if rng.random() < 0.1:
            text = "friends: %s;" % text
        return text, [parts for _, parts in made]

    def make_message(self):
        rng = self.rng
        fields, addresses, lines = {}, {}, ["MIME-Version: 1.0"]
        names = ["From", "To", "Cc", "Subject", "X-A", "X-A", "X-Num", "Keywords"]
        rng.shuffle(names)
        for name in names:
            if name != "From" and rng.random() < 0.2:
                continue
            if name in ("From", "To", "Cc"):
                text, addresses[name.lower()] = self.make_addresses()
            else:
                value = str(rng.randint(0, 30)) if name == "X-Num" else self.text(6)
                fields.setdefault(name.lower(), []).append(value)
                text = self.encode(value)
            lines.append("%s: %s" % (name, text))
        body = self.make_body(lines)
        return "\n".join(lines) + "\n\n" + body + "\n", fields, addresses

    def make_body(self, lines):
        """The body, and its fields into the header."""
        del lines
        return "\n".join(self.text(8) for _ in range(self.rng.randint(0, 5)))

    # -- tests: text, kind, expected: captures, or False --

    def how(self):
        rng = self.rng
        how = rng.choice(["is", "contains", "matches", "matches", "regex", "value", "count"])
        comparator = rng.choice(["i;ascii-casemap", "i;ascii-casemap", "i;octet"])
        if how in ("value", "count"):
            how += ' "%s"' % rng.choice(sorted(RELATIONS))
            comparator = rng.choice([comparator, "i;ascii-numeric"])
        elif how == "is" and rng.random() < 0.2:
            comparator = "i;ascii-numeric"
        return how, comparator

    def key(self, how, values):
        """One that may well match."""
        rng = self.rng
        value = rng.choice(values) if values else ""
        if how.startswith("count"):
            return str(rng.randint(0, 3))
        if how == "regex":
            return self.expression(value)
        key = value if rng.random() < 0.7 else self.text(3)
        if how == "contains" and key:
            at = rng.randrange(len(key))
            key = key[at:at + rng.randint(1, 4)]
        if rng.random() < 0.3:
            key = key.swapcase() if key.isascii() else key
        if how == "matches":
            key = "".join("*" if rng.random() < 0.15 else "?" if rng.random() < 0.1
                          else "\\" + c if c in "*?\\" else c for c in key)
            key = rng.choice(["", "", "*"]) + key + rng.choice(["", "", "*"])
        return key

    def expression(self, value):
        """Such as POSIX and Perl read alike, and of ASCII."""
        rng = self.rng
        out = ""
        for c in (c for c in value if c.isascii()):
            piece = "\\" + c if c in "*?\\.+" else c
            piece = rng.choice([piece] * 4 + [".", "[%s]" % c if c not in "\\]" else piece])
            out += piece + rng.choice(["", "", "", "", "?", "*", "+"])
            if rng.random() < 0.1:
                break
        if rng.random() < 0.4:
            out = "(%s)" % out + rng.choice(["", "", "[a-z]*", ".*"])
        return rng.choice(["", "^"]) + (out or "x") + rng.choice(["", "$"])

    def options(self, how, comparator):
        options = [":" + how]
        if comparator != "i;ascii-casemap" or self.rng.random() < 0.3:
            options.append(':comparator "%s"' % comparator)
        self.rng.shuffle(options)
        return " ".join(options)

    def matching(self, name, values, arguments):
        how, comparator = self.how()
        if how == "regex" and not all(v.isascii() for v in values):
            how = "is"
        keys = [self.key(how, values) for _ in range(self.rng.choice([1, 1, 1, 2, 3]))]
        # RFC 5229 5: of `string`, the empty one does not count.
        counted = [v for v in values if v or name != "string" or not how.startswith("count")]
        expected = outcome(how, comparator, counted, keys)
        text = "%s %s %s %s" % (name, self.options(how, comparator), arguments, quote_list(keys))
        kind = "numeric" if comparator == "i;ascii-numeric" else how.split()[0]
        return text, kind, expected

    def test_string(self):
        values = [self.text(6) for _ in range(self.rng.choice([1, 1, 2]))]
        text, kind, expected = self.matching("string", values, quote_list(values))
        return text, kind if ":comparator" in text else "string", expected

    def test_header(self):
        names = self.rng.sample(["subject", "X-A", "x-num", "Keywords", "nope"],
                                self.rng.choice([1, 1, 2]))
        values = [v for n in names for v in self.fields.get(n.lower(), [])]
        return self.matching("header", values, quote_list(names))

    def part(self, tag, address):
        """RFC 5228 2.7.4, 5233 4; None: no such part."""
        local, domain = address
        user, plus, detail = local.partition("+")
        return {"": "%s@%s" % (local, domain), ":all": "%s@%s" % (local, domain),
                ":localpart": local, ":domain": domain, ":user": user,
                ":detail": detail if plus else None}[tag]

    def test_address(self):
        tag = self.rng.choice(["", ":all", ":localpart", ":domain", ":user", ":detail"])
        names = self.rng.sample(["from", "To", "cc"], self.rng.choice([1, 1, 2]))
        values = [self.part(tag, a) for n in names for a in self.addresses.get(n.lower(), [])]
        there = [v for v in values if v is not None]
        text, kind, expected = self.matching("address " + tag, there, quote_list(names))
        return text, kind if len(there) == len(values) else "no detail", expected

    def test_envelope(self):
        tag = self.rng.choice(["", ":localpart", ":domain", ":user", ":detail"])
        name, address = self.rng.choice([("from", SENDER), ("to", RECIPIENT)])
        value = self.part(tag, tuple(address.split("@")))
        return self.matching("envelope " + tag, [value], quote(name))

    def test_exists(self):
        names = self.rng.sample(["subject", "X-A", "Cc", "nope", "x-num"], self.rng.choice([1, 2]))
        is_so = all(n.lower() in self.fields or n.lower() in self.addresses for n in names)
        return "exists " + quote_list(names), "exists", [] if is_so else False

    def test_size(self):
        over = self.rng.random() < 0.5
        size = self.rng.choice(["1", "100K", "1M"])
        return "size :%s %s" % ("over" if over else "under", size), "size", \
            [] if over == (size == "1") else False

    def test_flag(self):
        how = self.rng.choice(["is", "contains", "matches"])
        key = self.rng.choice(["a", "b", "\\Seen", "\\seen", "A b", "c*", "*"])
        # What a key with a space is to :contains and :matches, RFC 5232 does not say.
        if " " in key:
            how = "is"
        said = outcome(how, "i;ascii-casemap", self.flags, key.split())
        return "hasflag :%s %s" % (how, quote(key)), "hasflag", said

    def plain_tests(self):
        return [self.test_string, self.test_string, self.test_header, self.test_header,
                self.test_address, self.test_envelope, self.test_exists, self.test_size,
                self.test_flag]

    def test_plain(self):
        return self.rng.choice(self.plain_tests())()

    def test_joined(self, depth):
        """Such a test files no captures."""
        word = self.rng.choice(["allof", "anyof", "not"])
        made = [self.test(depth + 1) for _ in range(1 if word == "not" else self.rng.randint(1, 3))]
        truths = [e is not False for _, _, e in made]
        truth = not truths[0] if word == "not" else all(truths) if word == "allof" else any(truths)
        kind = "joined" if any(k in self.KNOWN for _, k, _ in made) else "simple"
        tests = ", ".join(t for t, _, _ in made)
        return "%s %s" % (word, tests if word == "not" else "(%s)" % tests), kind, \
            [] if truth else False

    def test(self, depth=0):
        if depth < 3 and self.rng.random() < 0.15:
            return self.test_joined(depth)
        return self.test_plain()

    # -- commands --

    def step(self, i):
        text, kind, expected = self.test()
        captures = ""
        if expected and kind not in self.SILENT and "?" not in text and self.rng.random() < 0.8:
            captures = ":${1}|${2}"
        if expected is False:
            said = "%d=0" % i
        elif captures:
            padded = expected + ["", "", ""]
            said = "%d=1:%s|%s" % (i, padded[1], padded[2])
        else:
            said = "%d=1" % i
        script = 'if %s { fileinto "%d=1%s"; } else { fileinto "%d=0"; }' % (text, i, captures, i)
        return Step(script, kind, said)

    def step_set(self, i):
        """RFC 5229 4.1, of ASCII."""
        rng = self.rng
        value = "".join(c for c in self.text(5) if c.isascii())
        names = [rng.choice(["lower", "upper"]), rng.choice(["lowerfirst", "upperfirst"]),
                 "quotewildcard", "length"]
        names = [name for name in names if rng.random() < 0.4]
        result = value
        for name in names:
            result = MODIFIERS[name](result)
        rng.shuffle(names)
        return Step('set %s "v" %s; fileinto "%d=${v}";' % (
            " ".join(":" + n for n in names), quote(value), i), "set", "%d=%s" % (i, result))

    def step_flags(self):
        flags = self.rng.choice(["a", "b c", "\\Seen", "\\seen a", "c C b", "", "\\Flagged"])
        word = self.rng.choice(["setflag", "addflag", "removeflag"])
        if word == "removeflag":
            gone = flags.lower().split()
            self.flags = [f for f in self.flags if f.lower() not in gone]
        else:
            self.flags = flags.split() + (self.flags if word == "addflag" else [])
        return Step("%s %s;" % (word, quote(flags)), "flags", None)

    def steps(self, i):
        """One that files the message, and perhaps something before it."""
        rng = self.rng
        before = [self.step_flags()] if rng.random() < 0.2 else []
        return before + [self.step_set(i) if rng.random() < 0.15 else self.step(i)]

    def end(self):
        return self.rng.choice(["", "keep;", "discard;", 'keep :flags "a";', 'fileinto :copy "copy";',
                                'fileinto :flags ["x", "y z"] "end";', "stop; discard;"])

    def script(self):
        steps = []
        for i in range(24):
            steps += self.steps(i)
        steps.append(Step(self.end(), "end", None))
        return 'require %s;\n%s\n' % (quote_list(self.REQUIRED), "\n".join(s.text for s in steps)), steps
