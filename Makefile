# Two commands matter: `make demo` and `make test`. Both need only Python 3.11 or newer and make.
PYTHON ?= python3
RUN := .venv/bin/python
EMBEDDED := $(RUN) -m emailops.embedded
# Without a mail server of one's own, mail goes into the sandbox.
export MAIL_SANDBOX ?= $(if $(EMAIL_URL),0,1)

.PHONY: demo dev test check bench faults shots lock messages clean

demo: ; @$(PYTHON) tools/bootstrap.py demo
	@exec $(EMBEDDED) -- $(RUN) manage.py demo

dev: ; @$(PYTHON) tools/bootstrap.py dev
	@exec $(EMBEDDED) -- $(RUN) manage.py demo --reload

test: ; @$(PYTHON) tools/bootstrap.py dev
	@$(RUN) tools/programs.py
	@EMAILOPS_VAR=var/test $(EMBEDDED) --throwaway -- $(RUN) -m pytest -n auto $(ARGS)

check: ; @$(PYTHON) tools/bootstrap.py dev
	@EMAILOPS_VAR=var/check $(EMBEDDED) --throwaway -- $(RUN) tools/check.py

bench: ; @$(PYTHON) tools/bootstrap.py dev
	@EMAILOPS_VAR=var/bench $(EMBEDDED) --throwaway -- $(RUN) -m benchmarks $(ARGS)

# Kills and stops the servers it is given; they are its own.
faults: ; @$(PYTHON) tools/bootstrap.py dev
	@EMAILOPS_VAR=var/faults $(EMBEDDED) -- $(RUN) -m tests.faults --full $(ARGS)

shots: ; @$(PYTHON) tools/bootstrap.py dev
	@SHOTS=var/shots EMAILOPS_VAR=var/test $(EMBEDDED) --throwaway -- $(RUN) -m pytest -q tests/browser/test_pages.py

lock: ; @$(PYTHON) tools/bootstrap.py dev
	@$(RUN) tools/lock.py

messages: ; @$(PYTHON) tools/bootstrap.py dev
	@$(RUN) manage.py makemessages --all --no-location

clean: ; rm -rf .venv var
