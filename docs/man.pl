#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Prints a manual page, made of what the documents are made of, too: the directives and their page, the methods, and
# the help of the programs.
#
#     perl docs/man.pl BUILD rcapi.conf.5     prints this page
use strict;
use warnings;
use lib 'docs';
use Man;
use Rows;

my ($build, $page) = @ARGV;
my ($version, $date) = Rows::slurp('CHANGELOG.md') =~ /^## (\S+) \(([\d-]+)\)/m or die "CHANGELOG.md: no version\n";
my %pages = (
    'rhodecode-api.1' => \&client, 'rcapi-admin.8' => \&admin, 'mod_rcapi.8' => \&module, 'rcapi.conf.5' => \&directives,
);
my ($name, $section) = ($page // '') =~ /^(.*)\.(\d)\z/;
my $write = $pages{ $page // '' } or die "usage: man.pl BUILD ", join('|', sort keys %pages), "\n";
print qq(.\\" Made by docs/man.pl.\n.TH "\U$name\E" "$section" "$date" "mod_rcapi $version"\n), $write->();

# Where the pages are that a manual page names.
sub documents {
    return Man::section('DOCUMENTS') . Man::text('The pages of docs/ are in the sources, and in'
        . ' /usr/share/doc/libapache2-mod-rcapi where the package of Debian is installed.');
}

# The sections of a page of docs, without the one that only lists the others.
sub document {
    my ($file) = @_;
    my $text = Rows::slurp($file) =~ s/\A# .*\n//r =~ s/^## Overview\n.*?(?=^## )//msr =~ s/<!--.*?-->\n//gr;
    return $text =~ s/^- \[.*?\n\n//msr;
}

# The help of a program is paragraphs: the usage, a description, and titles with indented rows.
sub client {
    my ($usage, $login, $about, @parts) = split /\n\n/, Rows::output("$build/bin/rhodecode-api", '--help');
    my $text = Man::name('rhodecode-api', 'call methods of a RhodeCode JSON-RPC API')
        . Man::section('SYNOPSIS') . Man::literal(map { s/^usage: | {7}//gmr } $usage, $login)
        . Man::section('DESCRIPTION') . Man::text($about);
    for (@parts) {
        my ($title, $rest) = /^([\w ]+)(.*)/s or die "no title: $_\n";
        $text .= Man::section(uc $title) . Man::rows(ucfirst($rest =~ s/\A[,;:]\s*//r));
    }
    return $text . Man::section('METHODS')
        . Man::text('Arguments behind a name may be left out where a default follows them.')
        . join('', map { Man::item("**$_->[1]** $_->[3]", $_->[5]) } grep { !$_->[2] } Rows::methods($build))
        . Man::see('rcapi-admin(8)', 'mod_rcapi(8)');
}

sub admin {
    my ($usage, $about, $commands, $status) = split /\n\n/, Rows::output("$build/bin/rcapi-admin", 'help');
    my $text = Man::name('rcapi-admin', 'set up and manage the data of mod_rcapi')
        . Man::section('SYNOPSIS') . Man::literal($usage =~ s/^usage: //r)
        . Man::section('DESCRIPTION') . Man::text($about) . Man::section('COMMANDS');
    while ($commands =~ /^  (\w.*(?:\n {7,}.*)*)\n((?: {6}\S.*\n?)*)/gm) {
        my ($forms, $help) = ($1, $2);
        $text .= Man::item(join(' ', map { '**' . s/\s+/ /gr . '**' } $forms), $help);
    }
    return $text . Man::section('EXIT STATUS') . Man::text($status =~ s/^Exit status: //r)
        . Man::see('mod_rcapi(8)', 'rcapi.conf(5)', 'rhodecode-api(1)');
}

sub module {
    return Man::name('mod_rcapi', 'serve repositories and the RhodeCode API by Apache httpd')
        . Man::section('SYNOPSIS') . Man::literal("LoadModule rcapi_module modules/mod_rcapi.so\n<Location \"/code\">\n"
            . "    SetHandler rcapi\n</Location>")
        . Man::section('DESCRIPTION')
        . Man::text('A module of httpd 2.4. Below each mount it answers the RhodeCode JSON-RPC API, raw views of git,'
            . ' Subversion and Mercurial repositories, pages of them, and the clients of git, hg and svn.'
            . ' rcapi.conf(5) describes its directives, rcapi-admin(8) how its data are made.')
        . Man::section('URLS') . Man::text('Below the mount:') . Man::item('`/_admin/api`', 'the JSON-RPC API (POST)')
        . join('', map { Man::item("`$_->[0]`", $_->[2] ? "a feed, `$_->[1]`" : "`$_->[1]`") } Rows::views('raw'))
        . join('', map { Man::item("`$_->[0]`", "a page, `$_->[1]`") } Rows::views('pages'))
        . join('', map { Man::item("`/_admin/$_->[0]`", $_->[1]) } ['login', 'the form of names and passwords'],
            ['my_account', "a user's own page; below it the tokens"], ['console', 'a page that calls methods'],
            ['metrics', 'counters as OpenMetrics text'])
        . Man::item('`/<repo>`', 'clone, fetch and push, checkout and commit')
        . Man::section('DIRECTIVES')
        . join('', map { Man::item("**$_->[0]** ($_->[1])", $_->[2]) } Rows::directives())
        . Man::section('SETTINGS') . Man::text('Of the database, changed by `rcapi-admin set`.')
        . join('', map { Man::item("**$_->[0]**", "$_->[2]; $_->[1]") } Rows::settings())
        . documents()
        . Man::see('rcapi.conf(5)', 'rcapi-admin(8)', 'rhodecode-api(1)', 'apache2(8)');
}

sub directives {
    return Man::name('rcapi.conf', 'directives of mod_rcapi')
        . Man::section('DESCRIPTION') . Man::markdown(document('docs/configuration.md'))
        . documents()
        . Man::see('mod_rcapi(8)', 'rcapi-admin(8)');
}
