"""The newsletter that is measured: some 34 KB of HTML, a dozen personal parts, a loop, two conditions, fifteen links.

It is written once, with Liquid; the Django template is the same text in Django's words.
"""

from typing import Any

SECTIONS = 13  # a link each; two more stand in the foot
LOREM = (
    "Under our shop there is a cellar with two hundred bars of soap in it. They are finished, and they are not: for "
    "six weeks they lose water, and we do nothing but turn them on Mondays. Crème brûlée for the skin, some call it "
    "— from €12.50 a bar. People ask whether we could do it faster. We could, and we will not. "
)
FONT = "font-family:'Helvetica Neue',Helvetica,Arial,sans-serif"
SUBJECT = "{{ contact.first_name | default: 'Good morning' }}, the Moss Letter"
PICKS = "Rose water,Moss soap,Fern balm,Oat milk,Dew mist"

HEAD = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
    'content="width=device-width,initial-scale=1"><title>The Moss Letter</title><style>\n'
    + "".join(
        f".c{n}{{padding:{n}px;margin:0 auto;{FONT};color:#{n * 7:06x}}}\n"
        f"@media only screen and (max-width:{600 - n}px){{.m{n}{{width:100%!important;display:block!important}}}}\n"
        for n in range(48)
    )
    + "</style></head>\n"
)
OPENING = """<body style="margin:0;padding:0;background-color:#f4f4f8">
<div style="display:none;max-height:0;overflow:hidden">{{ contact.first_name }}, six weeks of soap in {{ city }}</div>
<table role="presentation" width="600" align="center"><tr><td>
<p style="font-size:18px">Dear {{ contact.first_name | default: "reader" }} {{ contact.last_name }},</p>
<p>You live in {{ city }}, your plan is <b>{{ plan }}</b>, and you have {{ points }} points.</p>
<p>We write to {{ contact.full_name }} at {{ contact.email }}.</p>
{% if points > 500 %}<p>As a friend of the house you get free delivery on your {{ plan }} plan.</p>
{% else %}<p>Collect a few more than your {{ points }} points and delivery is free.</p>{% endif %}
"""
LOOP = """<ul style="padding:0 32px">
{% for pick in picks %}<li style="font-size:15px;line-height:22px;color:#333"><b>{{ pick }}</b>: kept for you</li>
{% endfor %}</ul>
"""
FOOT = """{% if plan == "gold" %}<p>Gold ends with the year, {{ contact.first_name }}.</p>{% endif %}
<p><a href="https://shop.example/friends">Tell a friend</a> · <a href="https://shop.example/visit">Visit us</a></p>
<p style="font-size:12px;color:#888">Sent to {{ contact.email }} by {{ postal_address }}.
<a href="{{ unsubscribe_url }}">Unsubscribe</a></p>
</td></tr></table></body></html>
"""


def newsletter_html() -> str:
    """The newsletter as a Liquid template for a `personal_context` with the attributes city, plan and points."""
    own = {name: f"contact.attributes.{name}" for name in ("city", "plan", "points")}
    picks = "{% assign picks = contact.attributes.picks | default: '" + PICKS + "' | split: ',' %}"
    return HEAD + picks + _filled(own)


def newsletter_django() -> str:
    """The same as a template for Django, with `django_context`."""
    own = {name: f"contact.attributes.{name}" for name in ("city", "plan", "points")}
    return HEAD + _filled(own).replace('| default: "reader"', '|default:"reader"')


def django_context(context: dict[str, Any]) -> dict[str, Any]:
    """What Django's version is filled with; its templates cannot split a text."""
    picks = context["contact"]["attributes"].get("picks", PICKS)
    return {**context, "picks": picks.split(",")}


def reader_context(number: int) -> dict[str, Any]:
    """What one of many readers' mails is filled with."""
    first = ("Ann", "Мая", "Björn", "François", "Ivet", "Hugo & Co", "Petya", "Zoë")[number % 8]
    last = ("Reader", "Иванова", "O'Brien", "Müller", "Novak")[number % 5]
    attributes = {
        "city": ("Sofia", "Varna", "Plovdiv")[number % 3],
        "plan": ("basic", "gold")[number % 2],
        "points": number % 900,
    }
    email = f"reader{number}@mail{number % 50}.example"
    names = {"first_name": first, "last_name": last, "full_name": f"{first} {last}", "email": email, "language": "en"}
    return {"contact": {**names, "attributes": attributes}}


def _filled(own: dict[str, str]) -> str:
    html = OPENING + "".join(map(_section, range(7))) + LOOP + "".join(map(_section, range(7, SECTIONS))) + FOOT
    for name, path in own.items():
        html = html.replace(f"{{{{ {name} }}}}", f"{{{{ {path} }}}}").replace(f"{{% if {name} ", f"{{% if {path} ")
    return html


def _section(number: int) -> str:
    link = f"https://shop.example/journal/{number}?utm_source=letter&amp;utm_campaign=soap-{number}"
    cell = f"padding:16px 32px;{FONT}"
    return (
        '<table role="presentation" border="0" cellpadding="0" cellspacing="0" width="100%" '
        'style="border-collapse:collapse;mso-table-lspace:0pt;mso-table-rspace:0pt;background-color:#ffffff">\n'
        f'<tr><td style="{cell};font-size:22px;line-height:28px;color:#1a1a2e;font-weight:bold">'
        f"Part {number + 1}: what we read</td></tr>\n"
        f'<tr><td style="{cell};font-size:15px;line-height:24px;color:#44445a">{LOREM * (2 + number % 2)}</td></tr>\n'
        f'<tr><td align="center" style="{cell}"><a href="{link}" target="_blank" style="display:inline-block;'
        "padding:14px 28px;background-color:#2f5d50;border-radius:6px;color:#ffffff;font-size:16px;"
        'text-decoration:none;font-weight:bold">Read on &rarr;</a></td></tr>\n</table>\n'
    )
