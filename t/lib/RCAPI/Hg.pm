# SPDX-License-Identifier: Apache-2.0
package RCAPI::Hg;

=head1 NAME

RCAPI::Hg - Mercurial repositories for tests, made by the system's hg

=head1 SYNOPSIS

    my $path = "$root/repo";
    RCAPI::Hg::hg('init', $path);
    my @ids = RCAPI::Hg::build($path, { files => { a => { data => "text\n" } } }, ...);   # t/lib/hg_history.py
    RCAPI::Hg::random($path, $seed, 40);
    my ($rows, $refs) = RCAPI::Hg::tell($path);      # what hg says of all changesets, and of the references
    RCAPI::Hg::hg('-R', $path, 'verify');            # what it prints
    my $r = RCAPI::Hg::try({ dir => $path }, 'id');  # { exit, signal, out, err }; options as of RCAPI::Run::run

Texts are bytes. hg reads no settings but its own.

=cut

use strict;
use warnings;
use Cwd qw(abs_path);
use JSON::PP ();
use RCAPI::Run qw(account run slurp spew);
use RCAPI::Temp;

my $EXTENSION = abs_path('t/lib/hg_history.py');

# Whether $module can read Mercurial repositories: libzstd is linked in any case, by libarchive.
sub built { my ($module) = @_; return slurp($module) =~ /a Mercurial repository with the requirement/ }

# A test of Mercurial is skipped where the module was built without it.
sub import {
    return if built(($ENV{RCAPI_BUILD} // 'build') . '/mod_rcapi.so');
    require Test::More;
    Test::More::plan(skip_all => 'built without libzstd');
}

# Python takes 0.17 seconds to start hg. chg, which comes with it, forks a server that has started; it ends when the
# folder of its socket is gone, and when a killed test has left that, after some minutes.
my $program = (grep { -x "$_/chg" } split /:/, $ENV{PATH}) ? 'chg' : 'hg';
my $socket = RCAPI::Temp::dir(); # before any fork, so that the first process removes it
my (undef, $uid, $gid) = account();
chown $uid, $gid, "$socket" if defined $uid;
spew("$socket/hgrc", "[chgserver]\nidletimeout = 300\n");

# Runs hg as RCAPI::Run::run does, with no settings but these.
sub try {
    my ($opt, @args) = @_;
    my %env = (HGRCPATH => "$socket/hgrc", HGPLAIN => 1, HGENCODING => 'UTF-8', LC_ALL => 'C.UTF-8',
        PYTHONDONTWRITEBYTECODE => 1, CHGSOCKNAME => "$socket/chg", %{ $opt->{env} // {} });
    return run({ timeout => 120, %$opt, env => \%env }, $program, @args);
}

# Runs hg; what it prints. Dies when it fails. The first argument may be a hash of options of run.
sub hg {
    my $opt = ref $_[0] ? shift : {};
    my $r = try($opt, @_);
    die "hg @_: exit $r->{exit}, signal $r->{signal}\n$r->{err}" if $r->{exit} || $r->{signal};
    return $r->{out};
}

sub _extended {
    my ($opt, $path, @args) = @_;
    return hg($opt, '-R', $path, '--config', "extensions.rcapi=$EXTENSION", '--config', 'experimental.evolution=all',
        @args);
}

my $json = JSON::PP->new->ascii->allow_nonref;

sub build {
    my ($path, @commits) = @_;
    return split /\n/, _extended({ stdin => $json->encode(\@commits) }, $path, 'rcapi-build');
}

sub random {
    my ($path, $seed, $count) = @_;
    return _extended({}, $path, 'rcapi-random', $seed, $count);
}

# Makes $count changesets with one manifest, on ten branches in turn.
sub many {
    my ($path, $count) = @_;
    return _extended({}, $path, 'rcapi-many', $count);
}

# Makes $count commits, each by a transaction of its own.
sub slowly {
    my ($path, $count) = @_;
    return _extended({}, $path, 'rcapi-slowly', $count);
}

# Leaves what a writer leaves that was killed in its transaction: a journal, and new file revisions.
sub killed {
    my ($path) = @_;
    return !eval { _extended({}, $path, 'rcapi-killed') };
}

sub tell {
    my ($path, @options) = @_;
    my @rows = map { $json->decode($_) } split /\n/, _extended({}, $path, 'rcapi-dump', @options);
    my $refs = pop(@rows)->{refs};
    return (\@rows, $refs);
}

1;
