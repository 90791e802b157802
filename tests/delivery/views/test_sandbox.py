"""The mail sandbox in the browser: every mail is there, and none of them can do anything."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from delivery.models import SandboxMessage
from delivery.views.sandbox import PAGE_SIZE
from tests.factories.delivery import RAW, SandboxMessageFactory

pytestmark = pytest.mark.django_db


def url(name: str, kept: SandboxMessage | None = None) -> str:
    return reverse(f"sandbox:{name}", kwargs={"pk": kept.pk} if kept else {})


def shown(client: Client, name: str, kept: SandboxMessage | None = None, **asked: str) -> str:
    answer = client.get(url(name, kept), asked)
    assert answer.status_code == 200
    return answer.content.decode()


class TestList:
    def test_the_newest_mail_stands_first(self, client: Client) -> None:
        for subject in ("Older", "Newer", ""):
            SandboxMessageFactory.create(subject=subject)

        page = shown(client, "message_list")

        assert page.index("(no subject)") < page.index("Newer") < page.index("Older")

    @pytest.mark.parametrize(
        ("words", "found"),
        [("ann glow", True), ("GLOW", True), ("ann quiz", False), ("%", False), ("\0ann", True), ("\0", True)],
    )
    def test_it_is_searched_by_words_of_recipient_or_subject(self, client: Client, words: str, found: bool) -> None:
        SandboxMessageFactory.create(recipient="ann@example.org", subject="Glow in three steps")

        page = shown(client, "message_list", q=words)

        assert ("ann@example.org" in page) == found
        assert ("No mail found" in page) == (not found)

    def test_an_empty_sandbox_says_how_to_fill_it(self, client: Client) -> None:
        assert "No mail yet" in shown(client, "message_list")

    @pytest.mark.parametrize("number", ["2", "99", "abc", "-1"])
    def test_pages_lead_on_and_keep_the_words(self, client: Client, number: str) -> None:
        SandboxMessageFactory.create_batch(PAGE_SIZE + 1, subject="Glow")

        first = shown(client, "message_list", q="glow")

        assert "?q=glow&amp;page=2" in first
        assert "Glow" in shown(client, "message_list", q="glow", page=number)

    def test_a_page_of_large_mails_reads_none_of_them(
        self, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        SandboxMessageFactory.create_batch(5)

        with django_assert_max_num_queries(2) as asked:
            shown(client, "message_list")

        assert not any('"raw"' in query["sql"] for query in asked.captured_queries)


class TestDetail:
    def test_it_shows_headers_text_and_a_frame_for_the_html(self, client: Client) -> None:
        kept = SandboxMessageFactory.create()

        page = shown(client, "message_detail", kept)

        for words in ("Gløw in three steps", "&lt;one@marenmoss.example&gt;", "Hello Ann", url("message_html", kept)):
            assert words in page
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page

    def test_the_text_parts_addresses_are_links_and_its_markup_is_text(self, client: Client) -> None:
        kept = SandboxMessageFactory.create(
            raw=b"Subject: x\r\n\r\n<script>alert(1)</script> https://shop.example/\r\n"
        )

        page = shown(client, "message_detail", kept)

        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert '<a href="https://shop.example/"' in page
        assert "<iframe" not in page

    def test_headers_of_a_stranger_are_text(self, client: Client) -> None:
        raw = b'Subject: <script>alert(1)</script>\r\nX-Evil: "><img src=x>\r\n\r\nhi\r\n'
        kept = SandboxMessageFactory.create(subject="<script>alert(1)</script>", raw=raw)

        page = shown(client, "message_detail", kept)

        assert "<script>alert(1)</script>" not in page
        assert "<img src=x>" not in page

    def test_a_mail_without_text_says_so(self, client: Client) -> None:
        kept = SandboxMessageFactory.create(raw=b"Content-Type: text/html\r\n\r\n<p>Hello</p>\r\n")

        assert "This mail has no text part." in shown(client, "message_detail", kept)

    @pytest.mark.parametrize("raw", [b"", b"\0\xff\xfe", b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n"])
    def test_a_broken_mail_is_shown_all_the_same(self, client: Client, raw: bytes) -> None:
        kept = SandboxMessageFactory.create(raw=raw)

        shown(client, "message_detail", kept)

    def test_what_is_not_there_is_not_found(self, client: Client) -> None:
        for name in ("message_detail", "message_html", "message_raw"):
            assert client.get(reverse(f"sandbox:{name}", kwargs={"pk": 1})).status_code == 404


class TestFrame:
    def test_no_script_form_or_foreign_frame_can_work_in_it(self, client: Client) -> None:
        answer = client.get(url("message_html", SandboxMessageFactory.create()))

        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
        assert policy["form-action"] == policy["base-uri"] == "'none'"
        assert policy["frame-ancestors"] == "'self'"
        assert "script-src" not in policy, "default-src says none"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "no-store" in answer.headers["Cache-Control"]

    def test_the_mail_stays_as_it_was_but_its_links_open_beside_it(self, client: Client) -> None:
        html = client.get(url("message_html", SandboxMessageFactory.create())).content.decode()

        assert "<script>alert(1)</script>" in html, "shown as it came; the policy is what holds it"
        assert html.count('<base target="_blank">') == 1

    def test_a_mail_of_text_has_an_empty_frame(self, client: Client) -> None:
        kept = SandboxMessageFactory.create(raw=b"Subject: x\r\n\r\nhello\r\n")

        assert "hello" not in shown(client, "message_html", kept)

    @pytest.mark.parametrize("charset", ["idna", "undefined", "utf-7", "no-such", "hex", "a\x01b"])
    def test_a_charset_that_is_nonsense_costs_letters_not_the_page(self, client: Client, charset: str) -> None:
        head = f"Content-Type: text/html; charset={charset}\r\n\r\n".encode()
        kept = SandboxMessageFactory.create(raw=head + b"<p>Hello +2AA- \xff</p>\r\n")

        assert "Hello" in shown(client, "message_html", kept)


def test_the_source_is_saved_byte_for_byte_and_never_shown(client: Client) -> None:
    kept = SandboxMessageFactory.create()

    answer = client.get(url("message_raw", kept))

    assert answer.content == RAW
    assert answer.headers["Content-Type"] == "message/rfc822"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="mail-{kept.pk}.eml"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_sandbox_is_only_looked_at(client: Client) -> None:
    kept = SandboxMessageFactory.create()

    answers = [client.post(url("message_list"))]
    answers += [client.delete(url(name, kept)) for name in ("message_detail", "message_html", "message_raw")]

    assert {answer.status_code for answer in answers} == {405}
