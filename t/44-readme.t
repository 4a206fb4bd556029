# SPDX-License-Identifier: Apache-2.0
#
# What README and the pages for users show can be pasted: every command of README, docs/api.md,
# docs/authentication.md, docs/views.md and docs/clients.md is run, in order, against the server of make run,
# and prints what stands below it. That server's database is SQLite's in any case, as the pages say.
use strict;
use warnings;
use Cwd ();
use Test::More;
use lib 't/lib';
use RCAPI::Docs;
use RCAPI::Hg ();
use RCAPI::Run qw(patiently run slurp spew);
use RCAPI::Server;
use RCAPI::Svn ();
use RCAPI::Temp;

my $temp = RCAPI::Temp::dir();
my $build = File::Spec->rel2abs($ENV{RCAPI_BUILD} || 'build');
my $home = Cwd::getcwd();
chmod 0755, $temp;
mkdir "$temp/$_" for qw(scratch home);
my $port = start();
END {
    local $?;
    run({ root => 1, dir => $home, env => { DATA => "$temp/scratch/var", STORE => undef } }, 'sh', 'conf/run', 'stop')
        if $temp
}

# The commands of a page, or of one section of it: [command, what it prints].
sub commands {
    my ($file, $title) = @_;
    my @blocks = grep { !defined $title || $_->{title} eq $title } RCAPI::Docs::blocks($file, 'console');
    return grep { $_->[0] !~ /^make / } map { RCAPI::Docs::commands($_) } @blocks;
}

# Runs them in one shell, and compares what they print; "..." stands for anything.
sub try {
    my ($file, $title, $options) = @_;
    my @commands = commands($file, $title);
    my $name = $title // $file;
    cmp_ok(scalar @commands, '>', 0, "$name has commands");
    my $script = join '', map { "echo '#### next'\n$_->[0]\n" } @commands;
    $script =~ s/127\.0\.0\.1:8080/127.0.0.1:$port/g;
    $script =~ s{build/bin/}{$build/bin/}g;
    spew("$temp/script", "set -eu\n$options\n$script");
    my $r = run({ root => 1, dir => "$temp/scratch", timeout => 120, env => environment() }, 'bash', "$temp/script");
    is($r->{exit}, 0, "$name: every command succeeds") or diag($r->{out}, $r->{err});
    my (undef, @said) = split /^#### next\n/m, $r->{out}, -1;
    for my $i (0 .. $#commands) {
        my ($command, $expected) = @{ $commands[$i] };
        $expected =~ s/127\.0\.0\.1:8080/127.0.0.1:$port/g;
        my $want = join '.*', map { quotemeta } split /\.\.\./, $expected =~ s/\.\.\.\n\z/.../r, -1;
        like(($said[$i] // 'nothing') =~ s/\r//gr, qr/^$want\z/s, $command) if $expected ne '';
    }
}

sub environment {
    return { HOME => "$temp/home", GIT_COMMITTER_NAME => 'Carl', GIT_COMMITTER_EMAIL => 'carl@example.org',
        GIT_CONFIG_NOSYSTEM => 1 };
}

sub git {
    my $r = run({ root => 1, dir => "$temp/scratch", env => environment() }, 'git', @_);
    die "git @_: $r->{err}" if $r->{exit};
    return $r->{out};
}

sub start {
    my ($port, $r);
    for (1 .. 5) {
        $port = RCAPI::Server::free_port();
        $r = run({ root => 1, timeout => 120,
            env => { DATA => "$temp/scratch/var", PORT => $port, STORE => undef, WHITELIST => undef } },
            'sh', 'conf/run', 'start');
        last if $r->{err} !~ /Address already in use/;
    }
    is($r->{exit}, 0, 'make run') or diag($r->{out}, $r->{err});
    return $port;
}

try('README.md', 'A session', '');
try('docs/api.md', undef, '');
try('docs/authentication.md', undef, '');

spew("$temp/home/.gitconfig", "[safe]\n\tdirectory = *\n"); # the demo may be another account's
git('clone', '-q', 'var/repos/demo', 'clone');
my $newest = git('-C', 'clone', 'log', '-1', '--format=%T %an %ae %ad %B');
git('-C', 'clone', 'reset', '-q', '--hard', 'HEAD~1');
git('clone', '-q', 'clone', 'before');
try('docs/views.md', undef, 'set -o pipefail');
is(git('-C', 'clone', 'log', '-1', '--format=%T %an %ae %ad %B'), $newest, 'git am recreates the commit');
git('-C', 'before', 'apply', '--index', "$temp/scratch/tip.diff");
is(git('-C', 'before', 'write-tree') =~ s/\n//r, (split ' ', $newest)[0], 'git apply its content');
is(slurp("$temp/scratch/Makefile"), git('-C', 'clone', 'show', 'HEAD:Makefile'), 'the file is there after a 304');
like(slurp("$temp/scratch/feed.xml"), qr/<feed /, 'so is the feed');

# How many lines of the access log fit, when at least $n do: each is written after its answer.
sub logged {
    my ($like, $n) = @_;
    my $found;
    my $log = "$temp/scratch/var/logs/access_log";
    patiently(10, sub { ($found = grep { /$like/ } split /\n/, slurp($log)) >= $n });
    return $found;
}
is(logged(qr{(?:Makefile|feed/atom).* 304 }, 2), 2, 'both were asked for again');

# What was interrupted goes on.
my $whole = slurp("$temp/scratch/v1.0.tar.gz");
truncate "$temp/scratch/v1.0.tar.gz", 100;
my ($again) = grep { /wget.*gz/ } map { $_->[0] } commands('docs/views.md');
is(run({ root => 1, dir => "$temp/scratch", env => { HOME => "$temp/home", URL => "http://127.0.0.1:$port" } }, 'sh',
    '-c', $again)->{exit}, 0, 'wget again');
ok(slurp("$temp/scratch/v1.0.tar.gz") eq $whole, 'has the rest');
ok(logged(qr{v1\.0\.tar\.gz \S+ 206 }, 1), 'and only that was sent');
is(run({ root => 1, dir => "$temp/scratch" }, 'gzip', '-t', 'v1.0.tar.gz')->{exit}, 0, 'it is sound');

# Last, because it changes the demo.
try('README.md', 'Clone, check out, push', '');
try('docs/clients.md', 'git', '');
try('docs/clients.md', 'Mercurial', '') if RCAPI::Hg::built("$build/mod_rcapi.so");
try('docs/clients.md', 'Subversion', '') if RCAPI::Svn::built("$build/mod_rcapi.so")
    && run({ root => 1 }, 'sh', '-c', 'command -v svn')->{exit} == 0;

done_testing;
