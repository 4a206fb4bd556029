# SPDX-License-Identifier: Apache-2.0
package Man;

=head1 NAME

Man - manual pages, written of texts in Markdown

=head1 SYNOPSIS

    print Man::name('rcapi.conf', 'directives of mod_rcapi'), Man::section('DESCRIPTION'), Man::text($paragraph);

Each function returns lines for man(7). The Markdown is that of docs/: paragraphs, headings, lists, tables, blocks
of code, C<`code`>, C<**bold**> and links.

=cut

use strict;
use warnings;
use Text::Wrap ();

$Text::Wrap::columns = 72;
$Text::Wrap::unexpand = 0;
$Text::Wrap::huge = 'overflow';

# Characters that troff would take for its own.
sub plain { return $_[0] =~ s/\\/\\e/gr =~ s/-/\\-/gr =~ s/^(?=[.'])/\\&/gmr =~ s/\s+\z//r }

# A text within a line: links to other pages name these, others lose their targets; code and bold become bold.
sub inline {
    my ($text) = @_;
    $text =~ s/\A\s+//;
    $text =~ s{\[(?:docs/)?([\w/-]+\.md)\]\(\1(?:#[^)]*)?\)}{docs/$1}g;
    $text =~ s{\[([^\]]*)\]\(([\w/-]+\.md)(?:#[^)]*)?\)}{$1 (docs/$2)}g;
    $text =~ s/\[([^\]]*)\]\([^)]*\)/$1/g;
    my @parts = split /`([^`]*)`|\*\*(.*?)\*\*/, plain($text =~ s/\s+/ /gr);
    my $line = '';
    while (@parts) {
        my ($before, $code, $bold) = splice @parts, 0, 3;
        my $strong = $code // $bold // '';
        $line .= ($before // '') . ($strong eq '' ? '' : '\fB' . $strong =~ s/`//gr . '\fR');
    }
    return $line;
}

sub name { return ".SH NAME\n" . plain($_[0]) . ' \- ' . plain($_[1]) . "\n" }
sub section { return '.SH ' . plain(uc $_[0] =~ s/'/\\(aq/gr) . "\n" }
sub text { return Text::Wrap::wrap('', '', inline($_[0])) =~ s/^(?=[.'])/\\&/gmr . "\n" }
sub literal { return join '', map { ".nf\n" . plain($_) . "\n.fi\n" } @_ }
sub item { return ".TP\n" . inline($_[0]) =~ s/\A(?=[.'])/\\&/r . "\n" . text($_[1]) }

sub see {
    return ".SH SEE ALSO\n" . join(",\n", map { s/^(.*)\((\d)\)\z/'.BR ' . plain($1) . " ($2)"/er } @_)
        =~ s/\),\n/) ,\n/gr . "\n";
}

# Rows of a help text: a word and, two blanks later, what it means; further lines of that are indented deeper.
sub rows {
    my ($text) = @_;
    my ($page, @row) = '';
    for (split(/\n/, $text), '  ') {
        if (/^  (\S.*?)(?:  +(.*))?\z/ || /^  \z/) {
            $page .= item(@row) if @row;
            @row = ($1 // '', $2 // '');
        } elsif (@row && /^   +(.*)/) {
            $row[1] .= " $1";
        } else {
            $page .= (@row ? item(splice @row) . ".PP\n" : '') . text($_);
        }
    }
    return $page;
}

sub table {
    my (@rows) = map { [map { s/\\\|/|/gr } /\G\|\s(.*?)\s(?=\|(?:\s|\z))/g] } grep { !/^\|-/ } split /\n/, $_[0];
    shift @rows;
    return join '', map { my ($first, @rest) = @$_; item($first, join '; ', grep { length } @rest) } @rows;
}

sub heading {
    my ($depth, $title) = @_;
    return $depth > 2 ? '.SS ' . plain($title) . "\n" : section($title);
}

sub code { return ".sp\n.RS 4\n" . literal($_[0]) . ".RE\n" }
sub list { return join '', map { ".IP \\(bu 2\n" . text($_) } split /^- /m, $_[0] =~ s/^- //r }

# A page, block by block.
sub markdown {
    my ($text) = @_;
    my $page = '';
    my $fence = qr/```\w*\n((?:(?!```).*\n)*)```\n/;
    my $code = qr/((?:[ ]{4}.*\n(?:\n+(?=[ ]{4}))?)+)/;
    while ($text =~ /\G\n*(?:$fence|$code|(\#+)[ ](.*)\n|((?:.+\n)+))/g) {
        my ($fenced, $indented, $depth, $title, $block) = ($1, $2, $3, $4, $5);
        $page .= defined $depth ? heading(length $depth, $title)
            : !defined $block ? code($fenced // $indented =~ s/^ {4}//gmr)
            : $block =~ /^\|/ ? table($block)
            : $block =~ /^- / ? list($block)
            : ".PP\n" . text($block);
    }
    return $page =~ s/\A\.PP\n//r =~ s/^(\.S[HS] .*\n)\.(?:PP|sp)\n/$1/gmr;
}

1;
