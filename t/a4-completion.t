#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Completion of rhodecode-api, generated from the method table: bash runs it; of the one for zsh only
# the text is checked, unless zsh is installed.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use RCAPI::Run qw(run slurp);

my $build = $ENV{RCAPI_BUILD} // 'build';
my $env = { MAKEFLAGS => undef, MAKELEVEL => undef, MFLAGS => undef };
my $made = run({ root => 1, env => $env, timeout => 300 }, 'make', "O=$build", map { "$build/completion/$_" }
    'rhodecode-api', '_rhodecode-api');
is $made->{exit}, 0, 'made' or diag $made->{err};
my %methods = map { my @row = split /\t/; $row[2] eq '' ? ($row[1] => $row[3]) : () } split /\n/,
    run({}, "$build/docs/methods")->{out};

# What bash offers for the last of these words.
sub offers {
    my @words = ('rhodecode-api', @_);
    my $r = run({}, 'bash', '-c', '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rhodecode_api; '
        . 'printf "%s\n" "${COMPREPLY[@]}"', "$build/completion/rhodecode-api", @words);
    is $r->{err}, '', "no complaint: @words";
    return join ' ', sort split ' ', $r->{out};
}

is offers(''), join(' ', sort keys %methods, qw(login logout)), 'all methods';
is offers('get_repo_c'), 'get_repo_changeset get_repo_changesets get_repo_comments', 'some';
for my $method (qw(get_repo create_gist get_server_info grant_user_group_permission)) {
    my $takes = join ' ', sort map { s/=.*//r . ':' } $methods{$method} =~ /`([^`]+)`/g;
    is offers($method, ''), $takes =~ s/ ?usersgroupid://r, "arguments of $method";
}
is offers('get_repo', 're'), 'repoid:', 'one argument';
is offers('--format', 'json', 'get_repo', ''), 'cache: repoid:', 'behind options';
is offers('--format', ''), 'json pretty table', 'values of an option';
is offers('--apikey', ''), '', 'no words for a key';
is offers('get_repo', 'repoid', ':', ''), '', 'nor for a value';
my $help = run({}, "$build/bin/rhodecode-api", '--help')->{out};
my %known = map { $_ => 1 } $help =~ /^  (?:-h, )?(--[a-z-]+)/mg;
is offers('--'), join(' ', sort keys %known), 'all options';

my $zsh = slurp("$build/completion/_rhodecode-api");
like $zsh, qr/\A#compdef rhodecode-api\n/, 'zsh finds its own';
like $zsh, qr/^        '\Q$_\E:/m, "which has $_" for qw(get_repo create_auth_token);
SKIP: {
    skip 'zsh is not installed', 1 if !grep { -x "$_/zsh" } split /:/, $ENV{PATH};
    is run({}, 'zsh', '-n', "$build/completion/_rhodecode-api")->{exit}, 0, 'it is zsh';
}
done_testing;
