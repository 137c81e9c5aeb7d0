#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# completions.sh BASH ZSH FISH: the generated completions are read by their shells (zsh and fish
# where they are installed), and bash's offers what is meant.
set -eu

bash -n "$1"
if command -v zsh >/dev/null; then
	zsh -n "$2"
fi
if command -v fish >/dev/null; then
	fish --no-execute "$3"
fi

# What bash offers for a command line whose last word is being written.
offers() # SCRIPT WORD...
{
	bash -c '
		source "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_stagger
		echo "${COMPREPLY[*]}"' bash "$@"
}

expect() # WANTED SCRIPT WORD...
{
	wanted=$1
	shift
	got=$(offers "$@")
	[ "$got" = "$wanted" ] || {
		shift
		echo "for '$*' bash offers '$got', not '$wanted'" >&2
		exit 1
	}
}

expect decode "$1" stagger dec
expect --help "$1" stagger --h
expect '--hex --help' "$1" stagger decode --h
expect '' "$1" stagger decode ''
expect 'ls show count --help' "$1" stagger dlt ''
expect 'show' "$1" stagger dlt s
expect 'table json mermaid' "$1" stagger plan --output ''
expect 'json' "$1" stagger plan -o j
expect 'mermaid' "$1" stagger plan --output = m
expect '' "$1" stagger broker --port ''
expect '--since' "$1" stagger dlt ls --si
expect "$1" "$1" stagger plan "${1%h}" # a file
echo "completions: good"
