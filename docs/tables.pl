#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Writes the generated parts of the documents, between "<!-- begin NAME" and "<!-- end NAME -->", anew
# from the code: tables of directives, settings, methods and views, and the help of the programs.
#
#     perl docs/tables.pl BUILD            writes them (make docs)
#     perl docs/tables.pl BUILD --check    prints the documents that differ, and fails if there is one
use strict;
use warnings;
use lib 'docs';
use Rows;

my ($build, $check) = @ARGV;
my @stale;
my %parts = (
    directives => \&directives, settings => \&settings, views => \&views, pages => \&pages, methods => \&methods,
    'old methods' => \&old_methods, 'rcapi-admin' => sub { help('rcapi-admin', 'help') },
    'rhodecode-api' => sub { help('rhodecode-api', '--help') }, targets => \&targets,
);

for my $file ('README.md', 'CONTRIBUTING.md', glob 'docs/*.md') {
    my $text = Rows::slurp($file);
    my $new = $text =~ s{(<!-- begin ([\w -]+?)(?::[^\n]*)? -->\n).*?(<!-- end \2 -->)}
                        {$1 . ($parts{$2} || die "$file: no part $2\n")->() . $3}gser;
    next if $new eq $text;
    push @stale, $file;
    $check ? print "$file\n" : spew($file, $new);
}
exit($check && @stale ? 1 : 0);

sub spew {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!\n";
    print $out $text;
    close $out or die "$file: $!\n";
}

# Rows of cells as a table; a bar in a cell is written as Markdown needs it.
sub table {
    my ($head, @rows) = @_;
    return join '', map { "$_\n" } join(' | ', '|', @$head) =~ s/^\| \| /| /r . ' |', '|' . '---|' x @$head,
        map { '| ' . join(' | ', map { s/\|/\\|/gr } @$_) . ' |' } @rows;
}

sub help {
    my ($program, $option) = @_;
    return "```text\n" . Rows::output("$build/bin/$program", $option) . "```\n";
}

sub targets { return "```text\n" . join('', Rows::slurp('Makefile') =~ /^#: (.*\n)/mg) . "```\n" }

sub directives {
    return table(['Directive', 'Context', ''],
        map { ["[`$_->[0]`](#" . lc($_->[0]) . ')', $_->[1], $_->[2] =~ s/(<\w+>)/`$1`/gr] } Rows::directives());
}

sub settings { return table(['Setting', 'Value', ''], map { ["`$_->[0]`", @$_[1, 2]] } Rows::settings()) }

# URL and whitelist name of each view of a face.
sub views { return views_of('raw') }
sub pages { return views_of('pages') }

sub views_of {
    my ($face) = @_;
    return table(['URL below the mount', 'Whitelist name'],
        map { ["`$_->[0]`", ($_->[2] ? 'none needed: ' : '') . "`$_->[1]`"] } Rows::views($face));
}

# What the functions of some methods check, beyond what their rows say.
my %WHO;
my %GROUPS;
my @GROUPS;

BEGIN {
    %WHO = (
        create_user_group => 'super-admins; `hg.usergroup.create.true`',
        create_repo => 'super-admins; `hg.create.repository`; admin on the parent group',
        create_repo_group => 'super-admins; `hg.repogroup.create.true`; admin on the parent group',
        fork_repo => '`hg.fork.repository` and read on `repoid`, and what `create_repo` needs',
        get_gist => 'super-admins; the owner', delete_gist => 'super-admins; the owner',
        create_gist => 'every user; `owner`: super-admins',
        get_repo_settings => 'admin on `repoid`', set_repo_settings => 'admin on `repoid`',
        (map { $_ => 'read on the target' } qw(get_pull_request get_pull_request_comments comment_pull_request
            get_pullrequest comment_pullrequest)),
        get_pull_requests => 'read on `repoid`', create_pull_request => 'read on source and target',
        (map { $_ => 'the author; write on the target' } qw(update_pull_request close_pull_request
            edit_reviewers)),
        merge_pull_request => 'write on the target',
        create_webhook => 'admin on `repoid` or `repogroupid`; without: super-admins',
        get_webhooks => 'every user: those that they may administer',
        (map { $_ => 'admin on what the webhook is for; for all repositories: super-admins' } qw(update_webhook
            delete_webhook get_webhook_deliveries redeliver_webhook test_webhook)),
        get_task => 'super-admins; the user whose call it is',
        'pull 1.2' => 'admin on `repo`',
    );
    @GROUPS = (
        [Server => 'server', 'audit'], [Users => 'user'], [Keys => 'token'], ['User groups' => 'user_group', 'user_group_perm'],
        [Repositories => 'repo', 'repo_edit', 'repo_fork', 'repo_delete', 'repo_setting', 'search', 'cache',
            'maintenance'],
        ['Contents and comments' => 'changeset', 'kallithea', 'refs', 'node', 'comment', 'comment_list'], [Locks => 'lock'],
        ['Permissions of repositories' => 'repo_perm'], ['Repository groups' => 'repo_group', 'repo_group_perm'],
        ['Pull requests' => 'pull_request', 'pull_request_edit', 'pull_request_act', 'kallithea_pull'], [Gists => 'gist'],
        [Webhooks => 'webhook'], [Tasks => 'task'],
    );
}

sub method_rows {
    my @rows = Rows::methods($build);
    my %known = map { ($_ => 1) } map { $_->[1], "$_->[1] $_->[2]" } @rows;
    die "no method $_\n" for grep { !$known{$_} } keys %WHO;
    $_->[4] = $WHO{"$_->[1] $_->[2]"} // $WHO{ $_->[1] } // $_->[4] for @rows;
    return @rows;
}

sub is_old { return $_[0][0] eq 'old' || $_[0][5] =~ /\bold name\b/i }

sub methods {
    my @rows = grep { !is_old($_) } method_rows();
    my %group = map { ($_ => 1) } map { @$_[1 .. $#$_] } @GROUPS;
    die "group $_->[0] of methods has no title\n" for grep { !$group{ $_->[0] } } @rows;
    my $text = '';
    for my $group (@GROUPS) {
        my ($title, @files) = @$group;
        $text .= "\n### $title\n\n" . table(['Method', 'Arguments', 'Who may call', ''],
            map { ["`$_->[1]`", @$_[3 .. 5]] } map { my $file = $_; grep { $_->[0] eq $file } @rows } @files);
    }
    return "$text\n";
}

sub old_methods {
    return table(['Method', 'Arguments', 'Who may call', ''],
        map { ["`$_->[1]`" . ($_->[2] && ' without `id`'), @$_[3 .. 5]] } grep { is_old($_) } method_rows());
}
