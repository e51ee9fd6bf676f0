import CEL
import Testing

@Suite("The identity library")
struct IdentityLibraryTests {
    @Test(
        "writes names in ASCII",
        arguments: [
            ("'Müller Straße'.transliterate()", "Muller Strasse"), ("'Müller Straße'.transliterate('de')", "Mueller Strasse"),
            ("'ÖZIL Özil Ö'.transliterate('de')", "OEZIL Oezil Oe"), ("'Ørsted Åse Ærø'.transliterate()", "Orsted Ase Aero"),
            ("'Ørsted Åse Ærø'.transliterate('da')", "Oersted Aase Aeroe"), ("'Åke Öberg'.transliterate('sv')", "Aake Oeberg"),
            ("'Łukasz Đorđević Þór'.transliterate()", "Lukasz Dordevic Thor"), ("'Nguyễn Thị Ánh'.transliterate()", "Nguyen Thi Anh"),
            ("'Şükrü İnan Işık'.transliterate()", "Sukru Inan Isik"), ("'u\\u0308ber'.transliterate('de')", "ueber"),
            ("'Юлия Щукина Яков ЯКОВ'.transliterate()", "Yuliya Shchukina Yakov YAKOV"),
            ("'Їжак Ґалаґан Єва'.transliterate()", "Yizhak Galagan Yeva"),
            ("'Ευάγγελος Παπαδόπουλος'.transliterate()", "Evangelos Papadopoulos"),
            ("'Μπότσαρης Λάμπρου'.transliterate()", "Botsaris Lamprou"),
            ("'Αυγή Ευτυχία Μαΐου'.transliterate()", "Avgi Eftychia Maiou"),
            ("'O\\u2019Brien\\u2010Smith'.transliterate()", "O'Brien-Smith"),
            ("'Anna-Lena O\\'Hara'.transliterate()", "Anna-Lena O'Hara"),
        ])
    func transliteration(source: String, expected: String) throws {
        #expect(try evaluate(source) == .string(expected))
    }

    @Test("refuses a letter it has no ASCII form for, and tries where asked to")
    func unmapped() throws {
        #expect(failure("'Ann 日本'.transliterate()") == "13: 'Ann 日本' has no ASCII form: '日' (U+65E5) is not in the tables")
        #expect(try evaluate("'日本'.tryTransliterate()") == .optionalNone)
        #expect(failure("given.transliterate('fr')") == "6: transliterate() knows de, sv, no and da, but not 'fr'")
    }

    @Test(
        "shapes text",
        arguments: [
            ("'Éric Ñandú'.stripDiacritics()", "Eric Nandu"), ("'a.b-c d1é'.alnum()", "abcd1"), ("'a.b_c-1'.keep('a-z0-9.-')", "a.bc-1"),
            ("'  a \\t b\\u00a0c '.collapseSpaces()", "a b c"), ("'ÄBC'.lower()", "äbc"), ("'straße'.upper()", "STRASSE"),
            ("'anna-lena o\\'brien d’arc'.title()", "Anna-Lena O'Brien D’Arc"), ("'ÄBc'.lowerAscii()", "Äbc"),
            ("'äbc'.upperAscii()", "äBC"),
            ("'  ANNA  LENA '.normalizeName()", "Anna Lena"), ("'van der Berg'.normalizeName()", "van der Berg"),
            ("'Anna-Lena Berg'.initials()", "ALB"), ("'42'.padLeft(5, '0')", "00042"), ("'123456'.padLeft(5, '0')", "123456"),
            ("''.ifEmpty('x')", "x"), ("'a'.ifEmpty('x')", "a"), ("'äöü'.left(2)", "äö"), ("'äöü'.right(2)", "öü"), ("'ab'.left(99)", "ab"),
            ("'ab'.left(-1)", ""), ("'ab'.right(99)", "ab"), ("'%s is %d'.format(['n', 7])", "n is 7"),
        ])
    func text(source: String, expected: String) throws {
        #expect(try evaluate(source) == .string(expected))
    }

    @Test(
        "writes phone numbers with their calling code",
        arguments: [
            ("0171 / 123 45 67", "DE", "+491711234567"), ("+44 (0)20 7946 0958", "", "+442079460958"),
            ("020 7946 0958", "gb", "+442079460958"),
            ("(212) 555-0123", "US", "+12125550123"), ("1-212-555-0123", "US", "+12125550123"), ("011 47 22 33 44 55", "US", "+4722334455"),
            ("22 33 44 55", "NO", "+4722334455"), ("06 1234 5678", "IT", "+390612345678"), ("8 812 123-45-67", "RU", "+78121234567"),
            ("812 123 45 67", "RU", "+78121234567"), ("06 1 234 5678", "HU", "+3612345678"), ("0047 22334455", "SE", "+4722334455"),
            ("010 1 212 555 0123", "JP", "+12125550123"), ("00 47 22334455", "", "+4722334455"), ("070-123 45 67", "SE", "+46701234567"),
        ])
    func phones(number: String, region: String, expected: String) throws {
        #expect(try evaluate("phone.e164('\(number)', '\(region)')") == .string(expected))
    }

    @Test("does not guess a phone number")
    func badPhones() {
        #expect(failure("phone.e164('22 33 44 55', '')") == "6: the calling code of '22 33 44 55' is not known without a region")
        #expect(failure("phone.e164('22 33 44 55', 'XX')") == "6: the calling code of '22 33 44 55' is not known in the region 'XX'")
        #expect(failure("phone.e164('ext. 12', 'DE')") == "6: 'ext. 12' is no phone number")
        #expect(failure("phone.e164('', 'DE')") == "6: '' is no phone number")
        #expect(failure("phone.e164('+123456789012345678', 'DE')") == "6: '+123456789012345678' is no phone number")
    }

    @Test(
        "writes dates and times",
        arguments: [
            ("string(date('2026-01-31'))", "2026-01-31T00:00:00Z"),
            ("date('2024-02-28').addDays(2).formatDate('dd.MM.yyyy')", "01.03.2024"),
            ("user.startDate.formatDate('yyyy-MM-dd HH:mm', 'Europe/Oslo')", "2026-01-31 01:00"),
            ("user.startDate.formatDate('EEE d MMM yy, h a', '-09:30')", "Fri 30 Jan 26, 2 PM"),
            ("user.startDate.formatDate(\"yyyyMMdd'T'HH\")", "20260131T00"),
            ("ldap.generalizedTime(date('2026-01-31'))", "20260131000000Z"),
            ("string(ad.fileTime(date('2026-01-31')))", "134142912000000000"), ("string(ad.fileTime(date('1601-01-01')))", "0"),
        ])
    func dates(source: String, expected: String) throws {
        #expect(try evaluate(source) == .string(expected))
    }

    @Test("names the value and the form when a date is none")
    func badDates() {
        #expect(failure("date('31.01.2026')") == "0: '31.01.2026' is not a date: the form is yyyy-MM-dd")
        #expect(failure("date('2026-02-29')") == "0: '2026-02-29' is not a date: the form is yyyy-MM-dd")
        #expect(failure("date('')") == "0: '' is not a date: the form is yyyy-MM-dd")
        #expect(
            failure("user.startDate.formatDate('QQ')")
                == "15: the date format has an unknown field 'QQ' (letters that stand for themselves go in single quotes)")
        #expect(failure("user.startDate.formatDate('yy', 'Nowhere')") == "15: 'Nowhere' is no time zone")
    }

    @Test("gives every value the text an attribute carries")
    func texts() {
        #expect(Value.int(512).text == "512")
        #expect(Value.bool(true).text == "true")
        #expect(Value.double(1e21).text == "1e+21")
        #expect(Value.double(0.1).text == "0.1")
        #expect(Value.timestamp(Timestamp(seconds: 0)).text == "1970-01-01T00:00:00Z")
        #expect(Value.optional(of: .string("x")).text == "x")
        #expect(Value.null.text == nil)
        #expect(Value.optionalNone.text == nil)
        #expect(Value.list([]).text == nil)
    }
}
