# Thin on purpose: tools/course.py does the work, so that Windows users have every command too.
PYTHON ?= python3
COURSE = @$(PYTHON) tools/course.py

.DEFAULT_GOAL := help
.PHONY: help setup lab test notebooks bench teach lite address site

help:
	$(COURSE) help

setup:
	$(COURSE) setup

lab:        # make lab PORT=9000
	$(COURSE) lab $(if $(PORT),--port "$(PORT)")

test:       # make test ARGS="-k sgd -x"
	$(COURSE) test $(ARGS)

notebooks:  # make notebooks ARGS="06"
	$(COURSE) notebooks $(ARGS)

bench:
	$(COURSE) bench $(ARGS)

teach:      # make teach ARGS="grade set_1"
	$(COURSE) teach $(ARGS)

lite:
	$(COURSE) lite $(ARGS)

address:    # make address ARGS=https://github.com/OWNER/NAME
	$(COURSE) address $(ARGS)

site:
	$(COURSE) site $(ARGS)
