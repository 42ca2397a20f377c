# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Scripts beyond the base language: dates, bodies, parts, index, changes of the
header, charsets.  And those that are not even all of the base language, for
libsieve.  Each says by the RFCs what comes of it."""

import base64
import datetime
import quopri

from differential_maker import Maker, Step, outcome, quote, quote_list

CHARSETS = ["utf-8", "UTF-8", "iso-8859-1", "iso-8859-15", "windows-1252", "koi8-r", "us-ascii"]
DATE_PARTS = ["year", "month", "day", "date", "julian", "hour", "minute", "second", "time",
              "iso8601", "std11", "zone", "weekday"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def offset(when):
    minutes = int(when.utcoffset().total_seconds()) // 60
    return "%s%02d%02d" % ("-" if minutes < 0 else "+", abs(minutes) // 60, abs(minutes) % 60)


def std11(when):
    return "%s, %02d %s %04d %02d:%02d:%02d %s" % (
        DAYS[when.weekday()], when.day, MONTHS[when.month - 1], when.year, when.hour, when.minute,
        when.second, offset(when))


def date_part(when, part):
    """RFC 5260 4.2."""
    zone = offset(when)
    return {
        "year": "%04d" % when.year, "month": "%02d" % when.month, "day": "%02d" % when.day,
        "date": "%04d-%02d-%02d" % (when.year, when.month, when.day),
        "julian": str(when.toordinal() - 678576),
        "hour": "%02d" % when.hour, "minute": "%02d" % when.minute, "second": "%02d" % when.second,
        "time": "%02d:%02d:%02d" % (when.hour, when.minute, when.second),
        "iso8601": "%04d-%02d-%02dT%02d:%02d:%02d%s:%s" % (
            when.year, when.month, when.day, when.hour, when.minute, when.second, zone[:3], zone[3:]),
        "std11": std11(when), "zone": zone, "weekday": str((when.weekday() + 1) % 7),
    }[part]


def charset_for(rng, text):
    fit = []
    for name in CHARSETS:
        try:
            text.encode(name)
            fit.append(name)
        except UnicodeEncodeError:
            pass
    return rng.choice(fit)


class Part:
    """A leaf; what the tests are to see of it."""

    def __init__(self, rng, text):
        self.text = text
        self.subtype = rng.choice(["plain", "plain", "html"])
        self.source = "<p><b>%s</b></p>" % text if self.subtype == "html" else text
        self.charset = charset_for(rng, self.source)
        self.name = rng.choice([None, "a.txt", "B", "x y"])
        octets = self.source.encode(self.charset)
        encoding = rng.choice(["base64", "quoted-printable"] + ["8bit"] * (octets.isascii()))
        if encoding == "base64":
            coded = base64.b64encode(octets)
        elif encoding == "quoted-printable":
            coded = quopri.encodestring(octets).replace(b"=\n", b"")
        else:
            coded = octets
        self.lines = ["Content-Type: text/%s; charset=%s%s" % (
            self.subtype, self.charset, "" if self.name is None else '; name="%s"' % self.name),
            "Content-Transfer-Encoding: " + encoding, "", coded.decode()]


class More(Maker):
    """For Dovecot's sieve-test."""

    REQUIRED = Maker.REQUIRED + ["date", "index", "body", "mime", "foreverypart", "extracttext",
                                 "editheader"]
    ODD = Maker.ODD + ["€", "Ж", "я", "§"]
    SILENT = Maker.SILENT | {"body", "body matches", "raw, edited", "mime", "mime matches",
                             "no param"}

    # -- messages --

    def encode_word(self, text):
        charset = charset_for(self.rng, text)
        octets = text.encode(charset)
        if self.rng.random() < 0.5:
            return "=?%s?%s?%s?=" % (charset, self.rng.choice("bB"),
                                     base64.b64encode(octets).decode())
        coded = "".join(chr(c) if chr(c).isalnum() and c < 128 else "_" if c == 32
                        else "=%02X" % c for c in octets)
        return "=?%s?%s?%s?=" % (charset, self.rng.choice("qQ"), coded)

    def encode(self, text):
        """RFC 2047: of words side by side the blanks between do not count."""
        rng = self.rng
        if not text or (text.isascii() and rng.random() < 0.6):
            return super().encode(text)
        front, space, rest = text.partition(" ")
        if space and front.isascii() and "=?" not in front and rng.random() < 0.5:
            return front + rng.choice([" ", "\n "]) + self.encode_word(rest)
        at = rng.randint(0, len(text))
        words = [self.encode_word(piece) for piece in (text[:at], text[at:]) if piece]
        return rng.choice([" ", "\n ", "\n\t"]).join(words)

    def make_date(self):
        rng = self.rng
        zone = datetime.timezone(datetime.timedelta(minutes=30 * rng.randint(-23, 26)))
        return datetime.datetime(rng.randint(1971, 2036), rng.randint(1, 12), rng.randint(10, 28),
                                 rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59),
                                 tzinfo=zone)

    def make_body(self, lines):
        rng = self.rng
        self.dates = {"date": [self.make_date()],
                      "x-date": [self.make_date() for _ in range(rng.randint(0, 3))]}
        for name, dates in self.dates.items():
            lines += ["%s: %s%s" % (name, std11(d), rng.choice(["", "", " (a zone)"])) for d in dates]
        self.is_edited = False
        self.edited = [self.text(4) for _ in range(rng.randint(0, 3))]
        lines += ["X-Edit: " + self.encode(value) for value in self.edited]
        self.parts, self.subtypes = [], ["mixed"]
        lines.append('Content-Type: multipart/mixed; boundary="outer"')
        body = "".join("--outer\n" + self.make_part() for _ in range(rng.randint(1, 4))) + "--outer--"
        self.body = body + "\n"
        return body

    def make_part(self):
        rng = self.rng
        if rng.random() < 0.2:
            self.subtypes.append("alternative")
            inner = [self.make_leaf() for _ in range(rng.randint(1, 2))]
            return "Content-Type: multipart/alternative; boundary=inner\n\n" + "".join(
                "--inner\n%s" % leaf for leaf in inner) + "--inner--\n"
        return self.make_leaf()

    def make_leaf(self):
        part = Part(self.rng, "".join(c for c in self.text(5) if c not in "*?\\"))
        self.parts.append(part)
        self.subtypes.append(part.subtype)
        return "\n".join(part.lines) + "\n"

    # -- tests --

    def plain_tests(self):
        return super().plain_tests() + [
            self.test_date, self.test_date, self.test_current, self.test_index, self.test_index,
            self.test_address_index, self.test_body, self.test_body, self.test_raw, self.test_mime,
            self.test_edited]

    def indexed(self, name, values, arguments):
        """As `matching`; a count of an indexed one is a kind of its own."""
        text, kind, expected = self.matching(name, values, arguments)
        is_count = ":index" in name and ":count" in text
        return text, "index count" if is_count else kind, expected

    def at(self, values):
        """RFC 5260 6: a tag, and the values that are left."""
        index = self.rng.randint(1, 3)
        if self.rng.random() < 0.5:
            return ":index %d" % index, values[index - 1:index]
        return ":index %d :last" % index, values[::-1][index - 1:index]

    def test_date(self):
        rng = self.rng
        name, part = rng.choice(["date", "x-date"]), rng.choice(DATE_PARTS)
        dates = self.dates[name][:1]
        tags = ""
        if rng.random() < 0.4:
            tags, dates = self.at(self.dates[name])
        if rng.random() < 0.5:
            tags = ":originalzone " + tags
        else:
            minutes = 15 * rng.choice([n for n in range(-40, 50) if n != 0])
            zone = datetime.timezone(datetime.timedelta(minutes=minutes))
            dates = [d.astimezone(zone) for d in dates]
            tags = ':zone "%s" %s' % (offset(datetime.datetime.now(zone)), tags)
        # How day 1 to 9, or the zone of Greenwich, are to be written RFC 5260 leaves open.
        if part in ("std11", "iso8601") and any(d.day < 10 or offset(d) == "+0000" for d in dates):
            part = "time"
        return self.indexed("date " + tags, [date_part(d, part) for d in dates],
                             "%s %s" % (quote(rng.choice([name, name.title()])), quote(part)))

    def test_current(self):
        """What is so at any time."""
        text, is_so = self.rng.choice([
            ('currentdate :zone "+0000" :value "ge" "date" "2024-01-01"', True),
            ('currentdate :zone "-0500" :matches "time" "??:??:??"', True),
            ('currentdate :is "weekday" ["0", "1", "2", "3", "4", "5", "6"]', True),
            ('currentdate :value "lt" :comparator "i;ascii-numeric" "julian" "60000"', False),
            ('currentdate :zone "+1130" :is "zone" "+1130"', True),
            ('currentdate :count "eq" "year" "1"', True)])
        return text, "simple", [] if is_so else False

    def test_index(self):
        name = self.rng.choice(["x-a", "X-Num", "subject", "nope"])
        tag, values = self.at(self.fields.get(name.lower(), []))
        return self.indexed("header " + tag, values, quote(name))

    def test_address_index(self):
        part = self.rng.choice([":localpart", ":domain", ":all"])
        name = self.rng.choice(["from", "To"])
        there = [name.lower()] if name.lower() in self.addresses else []
        tag, left = self.at(there)
        values = [self.part(part, a) for n in left for a in self.addresses[n]]
        return self.indexed("address %s %s" % (tag, part), values, quote(name))

    def test_edited(self):
        """RFC 5293: tests see the header as it is by now."""
        if self.rng.random() < 0.5:
            return self.matching("header", self.edited, '"X-Edit"')
        tag, values = self.at(self.edited)
        return self.indexed("header " + tag, values, '"X-Edit"')

    def body_how(self):
        how = self.rng.choice(["is", "contains", "contains", "matches"])
        return how, self.rng.choice(["i;ascii-casemap", "i;octet"])

    def test_body(self):
        rng = self.rng
        how, comparator = self.body_how()
        types = rng.choice([["text/plain"], ["text"], ["text/html", "text/plain"], ["TEXT/HTML"],
                            ["image"]])
        if rng.random() < 0.3:
            how, tag, values = "contains", ":text", [p.text for p in self.parts]
        else:
            wanted = {t.lower() for t in types}
            tag = ":content " + quote_list(types)
            values = [p.source for p in self.parts
                      if "text" in wanted or "text/" + p.subtype in wanted]
        keys = [self.key(how, values) for _ in range(rng.randint(1, 2))]
        # How blanks of HTML are shown nobody says.
        keys = [k.replace(" ", "") if tag == ":text" else k for k in keys]
        if not all(keys):
            keys, how = ["never there"], "contains"
        text = "body %s %s %s" % (tag, self.options(how, comparator), quote_list(keys))
        kind = "body matches" if how == "matches" else "body"
        return text, kind, [] if outcome(how, comparator, values, keys) is not False else False

    def test_raw(self):
        rng = self.rng
        line = rng.choice([l for l in self.body.split("\n") if l and l.isascii()])
        at = rng.randrange(len(line))
        key = line[at:at + rng.randint(1, 9)] if rng.random() < 0.7 else self.text(3, 0) or "no"
        expected = outcome("contains", "i;octet", [self.body], [key])
        text = 'body :raw :contains :comparator "i;octet" %s' % quote(key)
        kind = "raw, edited" if self.is_edited else "body"
        return text, kind, [] if expected is not False else False

    def test_mime(self):
        """RFC 5703 4.1: the header of the message, or of all its parts."""
        rng = self.rng
        is_all = rng.random() < 0.7
        what = rng.choice([":subtype", ":type", ":contenttype", ':param "name"'])
        types = self.subtypes if is_all else ["mixed"]
        names = [p.name for p in self.parts if p.name is not None] if is_all else []
        top = {"mixed": "multipart", "alternative": "multipart"}
        values = {":subtype": types, ":type": [top.get(t, "text") for t in types],
                  ":contenttype": ["%s/%s" % (top.get(t, "text"), t) for t in types],
                  ':param "name"': names}[what]
        how, comparator = self.body_how()
        keys = [self.key(how, values) for _ in range(rng.randint(1, 2))]
        text = 'header :mime %s %s %s "Content-Type" %s' % (
            ":anychild" if is_all else "", what, self.options(how, comparator), quote_list(keys))
        kind = "no param" if "param" in what and len(names) < len(types) else \
            "mime matches" if how == "matches" else "mime"
        return text, kind, [] if outcome(how, comparator, values, keys) is not False else False

    # -- commands --

    def steps(self, i):
        rng = self.rng
        before = [self.step_edit()] if rng.random() < 0.15 else []
        if rng.random() < 0.08:
            return before + [self.step_parts(i)]
        return before + super().steps(i)

    def step_parts(self, i):
        """RFC 5703 3, 7."""
        rng = self.rng
        # Dovecot takes octets for characters, and what is left of one fails its script.
        is_ascii = all(p.text.isascii() for p in self.parts)
        first = rng.choice([None, 1, 3, 200] if is_ascii else [None, 200])
        upper = rng.random() < 0.3
        tags = ("" if first is None else ":first %d " % first) + (":upper " if upper else "")
        texts = [p.text for p in self.parts if p.subtype == "plain"]
        texts = texts if first is None else [t[:first] for t in texts]
        if upper:
            texts = ["".join(c.upper() if c.isascii() else c for c in t) for t in texts]
        return Step('set "p" ""; foreverypart { if header :mime :subtype "content-type" "plain" { '
                    'extracttext %s"t"; set "p" "${p}|${t}"; } } fileinto "%d=${p}";' % (tags, i),
                    "parts", "%d=%s" % (i, "".join("|" + t for t in texts)))

    def step_edit(self):
        """RFC 5293 4, 5."""
        rng = self.rng
        self.is_edited = True
        if rng.random() < 0.5:
            value = self.text(4) or "x"
            is_last = rng.random() < 0.5
            self.edited.insert(len(self.edited) if is_last else 0, value)
            return Step('addheader %s"x-edit" %s;' % (":last " if is_last else "", quote(value)),
                        "flags", None)
        tag, gone = "", list(range(len(self.edited)))
        if rng.random() < 0.7:
            tag, gone = self.at(gone)
        keys = ""
        if rng.random() < 0.5:
            how, comparator = self.body_how()
            key = self.key(how, self.edited)
            gone = [i for i in gone if outcome(how, comparator, [self.edited[i]], [key]) is not False]
            tag += " " + self.options(how, comparator)
            keys = " " + quote(key)
        self.edited = [v for i, v in enumerate(self.edited) if i not in gone]
        return Step('deleteheader %s "X-Edit"%s;' % (tag, keys), "flags", None)


class Plain(Maker):
    """For libsieve: nothing that it does not have, no escapes, which it never undoes, no
    empty fields."""

    REQUIRED = ["fileinto", "envelope", "subaddress"]
    WORDS = [w for w in Maker.WORDS if w != " "] + ["q", "z"]
    ODD = ["_", "x y", "*", "?"]

    def text(self, most, odd=0.15):
        return super().text(most, odd) or "x"

    def encode(self, text):
        return text

    def how(self):
        return self.rng.choice(["is", "contains", "matches"]), \
            self.rng.choice(["i;ascii-casemap", "i;ascii-casemap", "i;octet"])

    def key(self, how, values):
        """Without backslashes, and with few stars: its time grows with them."""
        key = super().key(how, values).replace("\\", "")
        while key.count("*") > 3:
            key = key.replace("*", "", 1)
        return key

    def plain_tests(self):
        return [self.test_header, self.test_header, self.test_address, self.test_envelope,
                self.test_exists, self.test_size]

    def steps(self, i):
        return [self.step(i)]

    def step(self, i):
        text, kind, expected = self.test()
        said = "%d=%d" % (i, expected is not False)
        return Step('if %s { fileinto "%d=1"; } else { fileinto "%d=0"; }' % (text, i, i), kind,
                    said)

    def end(self):
        return self.rng.choice(["", "keep;", "discard;", 'fileinto "end";', "stop; discard;",
                                'redirect "a@example.org";'])
