# SPDX-License-Identifier: Apache-2.0
package RCAPI::Docs;

=head1 NAME

RCAPI::Docs - the examples of README and docs

=head1 SYNOPSIS

    my @blocks = RCAPI::Docs::blocks('docs/api.md');

A block is a hash of file, title (of the section that it stands in), language and text. The lines of a
C<console> block are commands behind "$ ", and what they print.

=cut

use strict;
use warnings;
use RCAPI::Run qw(slurp);

# The pages that have examples.
sub pages { return ('README.md', 'CONTRIBUTING.md', glob 'docs/*.md') }

sub blocks {
    my ($file, $language) = @_;
    my ($title, @blocks) = '';
    my $text = slurp($file);
    while ($text =~ /^#+ ([^\n]+)\n|^```(\w*)\n(.*?)^```\n/gms) {
        $title = $1, next if defined $1;
        push @blocks, { file => $file, title => $title, language => $2, text => $3 };
    }
    return grep { !defined $language || $_->{language} eq $language } @blocks;
}

# Commands of a block: [command, what it prints]. A backslash at the end continues a command.
sub commands {
    my ($block) = @_;
    my @found;
    for (split /\n/, $block->{text} =~ s/\\\n\s*/ /gr) {
        if (s/^\$ //) {
            push @found, [$_, ''];
        } else {
            $found[-1][1] .= "$_\n";
        }
    }
    return @found;
}

1;
