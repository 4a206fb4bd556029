#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Completion of rhodecode-api and rcapi-admin, generated from the tables of methods and commands: bash runs it; of
# the one for zsh only the text is checked, unless zsh is installed.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use RCAPI::Run qw(run slurp);

my $build = $ENV{RCAPI_BUILD} // 'build';
my $env = { MAKEFLAGS => undef, MAKELEVEL => undef, MFLAGS => undef };
my $made = run({ root => 1, env => $env, timeout => 300 }, 'make', "O=$build", map { "$build/completion/$_" }
    'rhodecode-api', '_rhodecode-api', 'rcapi-admin');
is $made->{exit}, 0, 'made' or diag $made->{err};
my %methods = map { my @row = split /\t/; $row[2] eq '' ? ($row[1] => $row[3]) : () } split /\n/,
    run({}, "$build/docs/methods")->{out};

# What bash offers for the last of these words, the first of which is the program.
sub completes {
    my (@words) = @_;
    my $r = run({}, 'bash', '-c', '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_${1//-/_}"; '
        . 'printf "%s\n" "${COMPREPLY[@]}"', "$build/completion/$words[0]", @words);
    is $r->{err}, '', "no complaint: @words";
    return join ' ', sort split ' ', $r->{out};
}
sub offers { return completes('rhodecode-api', @_) }

my $ARGS = 'cache: repoid: with_pullrequests: with_revision_names:';
is offers(''), join(' ', sort keys %methods, qw(login logout)), 'all methods';
is offers('get_repo_c'), 'get_repo_changeset get_repo_changesets get_repo_comments', 'some';
for my $method (qw(get_repo create_gist get_server_info grant_user_group_permission)) {
    my $takes = join ' ', sort map { s/=.*//r . ':' } $methods{$method} =~ /`([^`]+)`/g;
    is offers($method, ''), $takes =~ s/ ?usersgroupid://r, "arguments of $method";
}
is offers('get_repo', 're'), 'repoid:', 'one argument';
is offers('--format', 'json', 'get_repo', ''), $ARGS, 'behind options';
is offers('--format', ''), 'json pretty table', 'values of an option';
is offers('--format', '='), 'json pretty table', '... behind =, which bash makes a word';
is offers('--format', '=', 'j'), 'json', '... some';
is offers('--format', '=', 'json', 'get_repo', ''), $ARGS, '... and behind it';
is offers('--apikey', ''), '', 'no words for a key';
is offers('get_repo', 'repoid', ':', ''), '', 'nor for a value';
my $help = run({}, "$build/bin/rhodecode-api", '--help')->{out};
my %known = map { $_ => 1 } $help =~ /^  (?:-h, )?(--[a-z-]+)/mg;
is offers('--'), join(' ', sort keys %known), 'all options';

# rcapi-admin: each word that the help of a command names is offered, and nothing else.
my ($about) = run({}, "$build/bin/rcapi-admin", 'help')->{out} =~ /\n\n(  init .*)\n\n/s;
my @commands = sort +($about =~ /^  (\w+)/mg);
is completes('rcapi-admin', ''), "@commands", 'all commands';
is completes('rcapi-admin', 'help', ''), "@commands", 'and their help';
my @global = qw(--data --db --headers --help --repos --secret --version);
for my $row (
    ['init'], ['token', 'create delete list reset'], ['user', 'create delete list set show'],
    ['group', 'add create delete list remove set show'], ['perm', 'default group user'], ['anonymous', 'off on'],
    ['journal', 'export list purge'], ['import', 'kallithea rhodecode'], ['secret', 'rotate'], ['check', '']) {
    my ($command, $words) = @$row;
    my ($usage) = $about =~ /^  \Q$command\E\b((?:.|\n {7,})*)/m;
    my %options = map { $_ => 1 } @global, $usage =~ /--[a-z-]+/g;
    is completes('rcapi-admin', $command, '--'), join(' ', sort keys %options), "options of $command";
    is completes('rcapi-admin', '--data', '/x', $command, ''), $words // '', "words of $command";
}
is completes('rcapi-admin', 'user', 'set', 'ann', 'a'), 'active= admin=', 'keys of users';
is completes('rcapi-admin', 'repo', 'set', 'r', ''), join(' ', map { "$_=" } qw(clone_uri description enable_downloads
    enable_locking group landing_rev name owner private repo_name repo_type)), 'and of repositories';
is completes('rcapi-admin', 'token', 'create', 'ann', '--role', ''), 'all api feed http vcs', 'values of an option';
is completes('rcapi-admin', 'import', 'rhodecode', '--from', 'LICEN'), 'LICENSE', 'a file';
is completes('rcapi-admin', '--data', 'conf/deb'), 'conf/debian', 'a directory';
is completes('rcapi-admin', 'backup', 'LICEN'), 'LICENSE', 'a file that is no option';
is completes('rcapi-admin', 'call', ''), join(' ', sort keys %methods), 'methods';
is completes('rcapi-admin', 'call', 'get_repo', ''), $ARGS, 'and their arguments';

my $zsh = slurp("$build/completion/_rhodecode-api");
like $zsh, qr/\A#compdef rhodecode-api\n/, 'zsh finds its own';
like $zsh, qr/^        '\Q$_\E:/m, "which has $_" for qw(get_repo create_auth_token);
is join(' ', grep { $zsh !~ /\Q$_\E\W/ } sort keys %known), '', 'and all options';
SKIP: {
    skip 'zsh is not installed', 1 if !grep { -x "$_/zsh" } split /:/, $ENV{PATH};
    is run({}, 'zsh', '-n', "$build/completion/_rhodecode-api")->{exit}, 0, 'it is zsh';
}
done_testing;
