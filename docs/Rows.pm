# SPDX-License-Identifier: Apache-2.0
package Rows;

=head1 NAME

Rows - the tables that are in the code: directives, settings, views, methods, commands

=head1 SYNOPSIS

    use lib 'docs';
    use Rows;
    for my $row (Rows::directives()) { my ($name, $context, $help) = @$row; ... }

docs/tables.pl and docs/man.pl write documents of them.

=cut

use strict;
use warnings;

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}

sub output {
    open my $in, '-|', @_ or die "$_[0]: $!\n";
    local $/;
    my $text = <$in>;
    close $in or die "@_: failed\n";
    return $text;
}

# Name, where it may stand, and the help that httpd has of it: rows of the server and of each face, and one
# directive of core.
sub directives {
    my @rows = (['SetHandler', 'place', slurp('src/http/command.c') =~ /"SetHandler",.*?"(.*)"\);/s]);
    for my $text (map { slurp($_) } glob 'src/http/*.c src/faces/*/*.c') {
        push @rows, [$1, $3 eq 'PLACE' ? 'server, place' : 'server', $2]
            while $text =~ /^    \{"(Rcapi\w+)",\s+"([^"]*)",\s+RC_(SERVER|PLACE),/mg;
    }
    return sort { lc $a->[0] cmp lc $b->[0] } @rows;
}

# Name, kind of value, help.
sub settings {
    my ($list) = slurp('src/domain/server.c') =~ /settings\[\] = \{\n(.*?)^\};/ms or die "no settings\n";
    my %value = (FLAG => 'on or off', TEXT => 'text', PATTERNS => 'paths', TYPE => '`git`, `hg` or `svn`');
    my @rows;
    push @rows, [$1, $value{$3} // die("no kind $3\n"), $2]
        while $list =~ /\{"(\w+)", "(.*?)",\s+RC_SETTING_(\w+),/g;
    return @rows;
}

# URL, whitelist name, and whether it is a feed: each view of a face.
sub views {
    my ($face) = @_;
    my ($list) = slurp("src/faces/$face/routes.c") =~ /^static const \w+ views\[\] = \{\n(.*?)^\};/ms
        or die "no views\n";
    my @rows;
    for (grep { /^\s*\{"/ } split /\n/, $list) {
        my ($pattern, $action, $flags) = /^\s*\{"(.*?)",\s+"(.+?)",\s+(.+?),/ or die "no view: $_\n";
        my $place = $pattern =~ m{^/} ? '' : $pattern eq '' ? '/<repo>' : '/<repo>/';
        push @rows, [$place . $pattern =~ s/\{(\w+)\}/<$1>/gr, $action, $flags =~ /FEED/ ? 1 : 0];
    }
    return @rows;
}

# File, name, "1.2" or nothing, arguments, who may call, help: each method, as docs/methods.c prints it.
sub methods {
    my ($build) = @_;
    return map { [split /\t/, $_, -1] } split /\n/, output("$build/docs/methods");
}

1;
