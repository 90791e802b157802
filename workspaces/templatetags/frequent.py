"""Django's tags `url` and `translate` and its filter `date`, for pages that use each hundreds of times."""

from datetime import date
from typing import Any

from django import template
from django.conf import settings
from django.template import defaultfilters
from django.template.base import Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as parsed_url
from django.templatetags.i18n import TranslateNode, do_translate
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape
from django.utils.translation import get_language

from emailops.lib.days import day_in_words
from emailops.lib.routes import address

register = template.Library()


class AddressNode(URLNode):
    """An address by name and named values, found without reading the routes again; all else as Django does it."""

    def render(self, context: template.Context) -> str:
        if self.args:
            return super().render(context)
        found = self._found(context)
        if self.asvar:
            context[self.asvar] = found
            return ""
        return conditional_escape(found) if context.autoescape else found

    def _found(self, context: template.Context) -> str:
        values = {key: value.resolve(context) for key, value in self.kwargs.items()}
        try:
            return address(self.view_name.resolve(context), **values)
        except NoReverseMatch:
            if self.asvar is None:
                raise
            return ""


class WordsNode(TranslateNode):
    """Fixed words are looked up once in each language."""

    def __init__(self, node: TranslateNode) -> None:
        super().__init__(node.filter_expression, node.noop, node.asvar, node.message_context)
        self._said: dict[str | None, str] = {}
        self._is_fixed = not (
            node.noop
            or node.asvar
            or node.message_context
            or node.filter_expression.filters
            or not isinstance(node.filter_expression.var.literal, str)
        )

    def render(self, context: template.Context) -> str:
        if not self._is_fixed or settings.DEBUG:  # who translates sees a changed catalogue without a restart
            return super().render(context)
        language = get_language()
        if language not in self._said:
            self._said[language] = super().render(context)
        return self._said[language]


@register.filter("date", expects_localtime=True, is_safe=False)
def date_in_words(value: Any, form: str | None = None) -> str:
    """A day is said once for all places where it stands; moments are left to Django."""
    if type(value) is date and form:
        return day_in_words(value, form)
    said: str = defaultfilters.date(value, form)
    return said


@register.tag
def url(parser: Parser, token: Token) -> AddressNode:
    node: Any = parsed_url(parser, token)
    return AddressNode(node.view_name, node.args, node.kwargs, node.asvar)


@register.tag("trans")
@register.tag("translate")
def translate(parser: Parser, token: Token) -> WordsNode:
    return WordsNode(do_translate(parser, token))
