#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The journal: what changes something is told once, by whom and of what, and not when it failed; its
# feeds: what somebody follows, and never of what he may not read.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Run qw(run);
use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user($_) for qw(bob ann);
my $tiny = $t->repo('tiny', commits => 4, args => { owner => 'bob' });
my $tip = $t->git($tiny->{path}, 'rev-parse', 'master') =~ s/\s//gr;
$t->must(create_gist => { files => { a => { content => 'x' } } }, as => 'bob');
my ($from, $last) = ("$t->{dir}/scratch/tiny", 0);

# The entries that came since the last time: "user repository action", oldest first.
sub told {
    my @rows = map { [split /\|/, $_, -1] } split /\n/,
        $t->sql("SELECT journal_id, username, repo_name, action FROM journal WHERE journal_id > $last ORDER BY 1");
    $last = $rows[-1][0] if @rows;
    return [map { join ' ', @$_[1 .. 3] } @rows];
}

subtest 'what was needed first' => sub {
    is_deeply(told(), ['admin  admin_created_user:bob', 'admin  admin_created_user:ann',
        'admin tiny user_created_repo',
        'bob  user_created_gist:1'], 'users, repository and gist');
    is($t->sql("SELECT count(*) FROM journal WHERE ip_addr = '127.0.0.1' AND user_id > 0 AND created_on > 1e15"),
        "4\n", 'from where, by whom, when');
    is($t->sql("SELECT repo_id FROM journal WHERE repo_name = 'tiny'"),
        $t->sql("SELECT repo_id FROM repo WHERE repo_name = 'tiny'"), 'of which');
};

# method, arguments, who, what is told
my @CHANGES = (
    [update_user => { userid => 'ann', lastname => 'X' }, 'admin', 'admin  admin_updated_user:ann'],
    [create_user => { username => 'eve', email => 'eve@example.org' }, 'admin', 'admin  admin_created_user:eve'],
    [delete_user => { userid => 'eve' }, 'admin', 'admin  admin_deleted_user:eve'],
    [create_user_group => { group_name => 'team' }, 'admin', 'admin  admin_created_users_group:team'],
    [update_user_group => { usergroupid => 'team', group_name => 'crew' }, 'admin',
        'admin  admin_updated_users_group:crew'],
    [add_user_to_user_group => { usergroupid => 'crew', userid => 'ann' }, 'admin',
        'admin  admin_updated_users_group:crew: added user ann'],
    [add_user_to_user_group => { usergroupid => 'crew', userid => 'ann' }, 'admin'],
    [remove_user_from_user_group => { usergroupid => 'crew', userid => 'ann' }, 'admin',
        'admin  admin_updated_users_group:crew: removed user ann'],
    [grant_user_permission_to_user_group => { usergroupid => 'crew', userid => 'ann', perm => 'usergroup.read' },
        'admin',
        'admin  admin_updated_users_group:crew: granted usergroup.read to user ann'],
    [revoke_user_permission_from_user_group => { usergroupid => 'crew', userid => 'ann' }, 'admin',
        'admin  admin_updated_users_group:crew: revoked user ann'],
    [update_user_group => { usergroupid => 'crew', owner => 'ann' }, 'admin',
        'admin  admin_updated_users_group:crew: owner ann'],
    [grant_user_group_permission => { repoid => 'tiny', usergroupid => 'crew', perm => 'repository.read' }, 'admin',
        'admin tiny user_updated_repo:granted repository.read to user group crew'],
    [revoke_user_group_permission => { repoid => 'tiny', usergroupid => 'crew' }, 'admin',
        'admin tiny user_updated_repo:revoked user group crew'],
    [delete_user_group => { usergroupid => 'crew' }, 'admin', 'admin  admin_deleted_users_group:crew'],
    [create_users_group => { group_name => 'old' }, 'admin', 'admin  admin_created_users_group:old'],
    [create_repo_group => { group_name => 'shelf' }, 'admin', 'admin  user_created_repo_group:shelf'],
    [update_repo_group => { repogroupid => 'shelf', group_name => 'box' }, 'admin',
        'admin  user_updated_repo_group:box'],
    [grant_user_permission_to_repo_group => { repogroupid => 'box', userid => 'bob', perm => 'group.admin' }, 'admin',
        'admin  user_updated_repo_group:box: granted group.admin to user bob'],
    [revoke_user_permission_from_repo_group => { repogroupid => 'box', userid => 'bob', apply_to_children => 'all' },
        'admin',
        'admin  user_updated_repo_group:box: revoked user bob, also below: all'],
    [update_repo_group => { repogroupid => 'box', owner => 'bob' }, 'admin',
        'admin  user_updated_repo_group:box: owner bob'],
    [update_user => { userid => 'ann', admin => 'true' }, 'admin', 'admin  admin_updated_user:ann: admin'],
    [update_user => { userid => 'ann', admin => 'false', active => 'false' }, 'admin',
        'admin  admin_updated_user:ann: no admin, not active'],
    [update_user => { userid => 'ann', active => 'true' }, 'admin', 'admin  admin_updated_user:ann: active'],
    [delete_repo_group => { repogroupid => 'box' }, 'admin', 'admin  user_deleted_repo_group:box'],
    [fork_repo => { repoid => 'tiny', fork_name => 'twin' }, 'admin', 'admin tiny user_forked_repo:twin',
        'admin twin user_created_fork'],
    [update_repo => { repoid => 'twin', name => 'double' }, 'admin', 'admin double user_updated_repo'],
    [update_repo => { repoid => 'double', owner => 'bob', private => 'true' }, 'admin',
        'admin double user_updated_repo:owner bob, private'],
    [update_repo => { repoid => 'double', private => 'false' }, 'admin', 'admin double user_updated_repo:not private'],
    [add_field_to_repo => { repoid => 'tiny', key => 'k' }, 'bob', 'bob tiny user_updated_repo'],
    [remove_field_from_repo => { repoid => 'tiny', key => 'k' }, 'bob', 'bob tiny user_updated_repo'],
    [grant_user_permission => { repoid => 'tiny', userid => 'ann', perm => 'repository.write' }, 'bob',
        'bob tiny user_updated_repo:granted repository.write to user ann'],
    [revoke_user_permission => { repoid => 'tiny', userid => 'ann' }, 'bob',
        'bob tiny user_updated_repo:revoked user ann'],
    [lock => { repoid => 'tiny', locked => 1 }, 'bob', 'bob tiny user_locked_repo'],
    [lock => { repoid => 'tiny', locked => 0 }, 'bob', 'bob tiny user_unlocked_repo'],
    [lock => { repoid => 'tiny' }, 'bob'],
    [changeset_comment => { repoid => 'tiny', revision => 'tip', message => 'm' }, 'bob',
        "bob tiny user_commented_revision:$tip"],
    [comment_commit => { repoid => 'tiny', commit_id => 'master', message => 'm' }, 'ann',
        "ann tiny user_commented_revision:$tip"],
    [update_repo => { repoid => 'tiny', clone_uri => "file://$from" }, 'admin', 'admin tiny user_updated_repo'],
    [pull => { repoid => 'tiny' }, 'bob', 'bob tiny push_remote'],
    [invalidate_cache => { repoid => 'tiny' }, 'bob'],
    [get_repo => { repoid => 'tiny', cache => JSON::PP::false() }, 'bob'],
    [get_repos => {}, 'bob'],
    [strip => { repoid => 'tiny', revision => $tip, branch => 'master' }, 'bob', "bob tiny user_stripped_commit:$tip"],
    [create_gist => { files => { a => { content => 'x' } } }, 'ann', 'ann  user_created_gist:2'],
    [delete_gist => { gistid => 2 }, 'ann', 'ann  user_deleted_gist:2'],
    [fork_repo => { repoid => 'tiny', fork_name => 'third' }, 'admin', 'admin tiny user_forked_repo:third',
        'admin third user_created_fork'],
    [delete_repo => { repoid => 'tiny', forks => 'delete' }, 'admin', 'admin tiny user_deleted_repo',
        'admin double user_deleted_repo',
        'admin third user_deleted_repo'],
    [rescan_repos => { remove_obsolete => 1 }, 'admin'],
);

subtest 'each change once' => sub {
    for (@CHANGES) {
        my ($method, $args, $who, @told) = @$_;
        my $error = $t->call($method, $args, as => $who)->{error};
        is($error, undef, $method);
        is_deeply(told(), \@told, "$method is told");
    }
    is($t->sql("SELECT count(*) FROM journal WHERE repo_name = 'tiny' AND repo_id IS NOT NULL"), "0\n",
        'entries outlive repositories');
    is($t->sql("SELECT count(*) FROM journal WHERE username = 'eve' OR action LIKE '%:eve'"), "2\n", 'and users');
    is($t->call(create_users_group => { name => 'older' }, dialect => '1.2')->{error}, undef,
        '1.2: create_users_group');
    is($t->call(create_user => { username => 'old', email => 'old@example.org' }, dialect => '1.2')->{error}, undef,
        '1.2: create_user');
    is_deeply(told(), ['admin  admin_created_users_group:older', 'admin  admin_created_user:old'], 'are told');
};

subtest 'rescans' => sub {
    $t->git($t->dir, 'init', '-q', '--bare', "$t->{dir}/data/repos/found");
    $t->must('rescan_repos');
    is_deeply(told(), ['admin found admin_created_repo'], 'added');
    system('rm', '-r', "$t->{dir}/data/repos/found");
    $t->must(rescan_repos => { remove_obsolete => 1 });
    is_deeply(told(), ['admin found admin_deleted_repo'], 'removed');
};

subtest 'what fails is not told' => sub {
    $t->repo('plain', commits => 2, args => { owner => 'bob' });
    told();
    for (
        [create_user => { username => 'bob', email => 'b2@example.org' }, 'admin'],
        [create_user => { username => 'new', email => 'bob@example.org' }, 'admin'], # the row is made, then undone
        [create_repo => { repo_name => 'plain', repo_type => 'git' }, 'admin'],
        [create_repo => { repo_name => 'x', repo_type => 'cvs' }, 'ann'],
        [update_repo => { repoid => 'plain', name => 'a/b' }, 'bob'],
        [delete_repo => { repoid => 'plain' }, 'ann'],
        [delete_user => { userid => 'bob' }, 'admin'], # he owns a repository
        [pull => { repoid => 'plain' }, 'bob'], # from nowhere
        [strip => { repoid => 'plain', revision => 'nope', branch => 'master' }, 'bob'],
        [comment_commit => { repoid => 'plain', commit_id => 'nope', message => 'm' }, 'bob'],
        [create_gist => { files => {} }, 'bob'],
        [delete_gist => { gistid => 99 }, 'bob'],
        [grant_user_permission => { repoid => 'plain', userid => 'ann', perm => 'nope' }, 'bob'],
    ) {
        my ($method, $args, $who) = @$_;
        ok($t->call($method, $args, as => $who)->{error}, "$method fails");
        is_deeply(told(), [], 'nothing is told');
    }
    SKIP: {
        skip 'root may write everywhere', 3 unless $>;
        my $repos = "$t->{dir}/data/repos";
        chmod 0500, $repos; # the row and its entry are written, then the folder cannot be moved
        ok($t->call(delete_repo => { repoid => 'plain' })->{error}, 'delete_repo fails on the disk');
        chmod 0700, $repos;
        is_deeply(told(), [], 'nothing is told');
        is($t->sql("SELECT count(*) FROM repo WHERE repo_name = 'plain'"), "1\n", 'nothing is done');
    }
};

# Titles of a journal feed, newest first; or the status when there is none.
sub titles {
    my ($who, $kind, %opt) = @_;
    my $a = $t->get("/_admin/$kind", defined $who ? (key => $t->key($who)) : (), %opt);
    return [$a->status] if $a->status != 200;
    my $lint = run({ stdin => $a->body }, 'xmllint', '--noout', '--nonet', '-');
    is($lint->{exit}, 0, "$kind is well-formed") or diag $lint->{err};
    my @titles = $a->body =~ m{<title>(.*?)</title>}g;
    return [@titles[1 .. $#titles]];
}

# A state of its own: who follows what.
subtest 'feeds' => sub {
    $t->user('carol', firstname => 'Ca <R>', lastname => 'Ol');
    $t->user('dave', firstname => '', lastname => '');
    my $private = JSON::PP::true();
    $t->must(create_repo => { repo_name => $_, repo_type => 'git', owner => 'carol' }) for qw(open box/shut gone);
    $t->must(update_repo => { repoid => 'box/shut', private => $private }, as => 'carol');
    $t->admin('follow', 'dave', $_) for qw(open box/shut gone);
    $t->must(fork_repo => { repoid => 'open', fork_name => 'lair', private => $private }, as => 'carol');
    my $adm = 'RhodeCode Admin - created repository';

    for my $kind (qw(journal/rss journal/atom public_journal/rss public_journal/atom public_journal_rss
        public_journal_atom)) {
        is_deeply(titles('dave', $kind), ['Ca &lt;R&gt; Ol - forked repository open', "$adm gone", "$adm open"],
            "$kind: what dave follows and may read");
        unlike($t->last->body, qr/shut|lair/, 'and no word of the rest');
    }
    is($t->last->header('Content-Type'), 'application/atom+xml', 'type');
    my $url = $t->url;
    like($t->last->body,
        qr{<title> public journal atom feed</title>\n<link rel="alternate" href="\Q$url\E/"/>\n<id>\Q$url\E/_admin/},
        'head');
    is($t->get($t->last->body =~ m{href="\Q$url\E([^"]*)"} ? $1 : 'none', headers => [Accept => 'text/html'])->status,
        200, 'its link leads to a page');
    $t->get('/_admin/public_journal_atom', as => 'dave');
    like($t->last->body, qr{<link rel="alternate" href="\Q@{[$t->url]}\E/open/changelog"/>}, 'link');
    my @ids = $t->last->body =~ m{<id>(.*?)</id>}g;
    is(scalar(keys %{ { map { $_ => 1 } @ids } }), 4, 'ids are unique');

    $t->must(grant_user_permission => { repoid => 'box/shut', userid => 'dave', perm => 'repository.read' },
        as => 'carol');
    is_deeply(titles('dave', 'journal/rss'),
        ['Ca &lt;R&gt; Ol - updated repository box/shut', 'Ca &lt;R&gt; Ol - forked repository open',
        'Ca &lt;R&gt; Ol - updated repository box/shut', "$adm gone", "$adm box/shut", "$adm open"],
        'what he may read now, also of before');
    unlike($t->last->body, qr/granted|repository\.read/, 'whose rights changed is for the journal alone');
    $t->must(update_repo => { repoid => 'box/shut', name => 'case' }, as => 'carol');
    is((grep { /case/ } @{ titles('dave', 'journal/rss') }) + 0, 4, 'it is called as it is called now');
    unlike($t->last->body, qr/shut/, 'only');
    $t->must(revoke_user_permission => { repoid => 'box/case', userid => 'dave' }, as => 'carol');
    $t->must(delete_repo => { repoid => 'gone' });
    is_deeply(titles('dave', 'journal/rss'), ['Ca &lt;R&gt; Ol - forked repository open', "$adm open"],
        'what is closed or gone is told no more');
    $t->must(create_repo => { repo_name => 'gone', repo_type => 'git' });
    unlike(join('|', @{ titles('dave', 'journal/rss') }), qr/gone/, 'nor is another of the same name');

    $t->admin('follow', 'bob', '--user', 'carol') for 1, 2;
    is($t->try_admin('follow', 'bob', '--user', $_)->{exit}, 1, "follow $_") for qw(bob nobody);
    unlike(join('|', @{ titles('bob', 'journal/rss') }), qr/case|lair|box/, 'of a user: only what both may read');
    like($t->last->body, qr/Ol - forked repository open/, 'that is told');
    $t->must(update_user => { userid => 'carol', firstname => 'C' });
    like(titles('bob', 'journal/rss')->[0], qr/^C Ol - /, 'he is called as he is called now');
    $t->admin('follow', 'bob', '--user', 'carol', '--remove');
    unlike(join('|', @{ titles('bob', 'journal/rss') }), qr/C Ol/, 'followed no more');
};

subtest 'a long journal' => sub {
    my $id = $t->git("$t->{dir}/scratch/plain", 'rev-parse', 'HEAD') =~ s/\s//r;
    $t->admin('follow', 'dave', 'plain');
    $t->must(comment_commit => { repoid => 'plain', commit_id => $id, message => "m$_" }, as => 'dave') for 1 .. 25;
    my $titles = titles('dave', 'journal/atom');
    is(scalar @$titles, 20, 'twenty');
    is($titles->[19], 'dave - commented on revision in repository plain', 'the newest');
    my $link = '&lt;a href=&quot;' . $t->url . "/plain/changeset/$id&quot;&gt;" . substr($id, 0, 12) . '&lt;/a&gt;';
    is(scalar(() = $t->last->body =~ /\Q$link\E/g), 20, 'with the commit');
    my @times = $t->last->body =~ m{<updated>(.*?)</updated>}g;
    is_deeply(\@times, [reverse sort @times], 'newest first');
    $t->sql("UPDATE repo SET private = 1 WHERE repo_name = 'plain'");
    is_deeply(titles('dave', 'journal/rss'),
        ['C Ol - forked repository open', 'RhodeCode Admin - created repository open'],
        'what is hidden takes no place');
    $t->sql("UPDATE repo SET private = 0 WHERE repo_name = 'plain'");
};

subtest 'validators' => sub {
    my $a = $t->get('/_admin/journal/rss', as => 'dave');
    my @not = (headers => ['If-None-Match' => $a->header('ETag')]);
    is($t->get('/_admin/journal/rss', as => 'dave', @not)->status, 304, 'not modified');
    is($t->get('/_admin/journal/rss', as => 'ann', @not)->status, 200, 'another follows something else');
    $t->must(lock => { repoid => 'open', locked => 1 }, as => 'carol');
    is($t->get('/_admin/journal/rss', as => 'dave', @not)->status, 200, 'modified');
    is(titles('dave', 'journal/rss')->[0], 'C Ol - locked repository open', 'by this');
    is_deeply(titles('ann', 'journal/rss'), [], 'who follows nothing gets an empty feed');
    is($t->last->header('ETag'), undef, 'of now');
};

subtest 'who may read' => sub {
    my %token = map { $_ => $t->token('dave', '--role', $_) } qw(all http api feed vcs);
    my $status = sub { $t->get("/_admin/$_[0]", key => $_[1])->status };
    for my $kind (qw(journal/rss journal/atom public_journal/rss public_journal_atom)) {
        my $visitor = $kind =~ /public/ ? 200 : 401;
        is($status->($kind, $token{$_}), $_ eq 'vcs' ? $visitor : 200, "$kind by a token for $_") for sort keys %token;
        is($status->($kind, undef), $visitor, "$kind by visitors");
        is($status->($kind, 'nonsense'), $visitor, "$kind by a wrong key");
    }
    is_deeply(titles(undef, 'public_journal/rss'), [], 'visitors follow nothing');
    $t->admin('follow', 'default', $_) for 'open', 'box/case';
    is_deeply(titles(undef, 'public_journal/rss'), ['C Ol - locked repository open', 'C Ol - forked repository open',
        'RhodeCode Admin - created repository open'],
        'but what the user default follows, and everybody may read');
    is_deeply(titles(undef, 'public_journal/rss', key => $token{vcs}), titles(undef, 'public_journal/rss'),
        'the same for a token of the wrong kind');
    $t->admin('anonymous', 'off');
    is($status->($_, undef), 401, "$_ without visitors") for qw(journal/rss public_journal/rss);
    is($status->('public_journal/rss', $token{feed}), 200, 'by a token');
    is($status->($_, $token{all}), 404, "no $_") for qw(journal journal/ journal/html public_journal journal/rss/x);
    is($t->get('/_admin/journal/rss', as => 'dave', method => 'POST', body => '')->status, 405, 'no POST');
};

subtest 'rcapi-admin journal' => sub {
    my $all = $t->sql('SELECT count(*) FROM journal') + 0;
    my @lines = split /\n/, $t->admin('journal', 'list', '--last', 1e6);
    is(scalar @lines, $all, 'list: all');
    like($lines[0], qr/^\d{4}-\d\d-\d\dT[\d:.]+\tadmin\t127\.0\.0\.1\t\tadmin_created_user:bob$/, 'oldest first');
    like($lines[-1], qr/\trcapi-admin\t127\.0\.0\.1\t\tadmin_set_anonymous:default:off$/, 'the newest last');
    like((grep { !/\trcapi-admin\t/ } @lines)[-1], qr/\tcarol\t127\.0\.0\.1\topen\tuser_locked_repo$/,
        'the last of a user');
    is($t->admin('journal', 'list', '--last=2'), join('', map { "$_\n" } @lines[-2, -1]), 'the last two');
    is(scalar(() = $t->admin('journal', 'list') =~ /\n/g), 50, 'fifty');
    $t->sql('UPDATE journal SET created_on = created_on - 86400000000 * 10
        WHERE journal_id <= (SELECT min(journal_id) + 4 FROM journal)');
    is($t->admin('journal', 'purge', 11), "0\n", 'nothing is so old');
    is($t->admin('journal', 'purge', 9), "5\n", 'five are');
    is($t->sql("SELECT count(*) FROM journal WHERE action NOT LIKE 'admin_purged%'") + 0, $all - 5, 'and gone');
    is($t->try_admin('journal', @$_)->{exit}, 2, "journal @$_") for [], ['x'], ['purge'], ['purge', 'x'],
        ['purge', -1], ['purge', 1, 2], ['list', '--last', 0], ['list', 'x'];
    is($t->admin('journal', 'purge', 0), $all - 5 + 2 . "\n", 'all');
    like($t->admin('journal', 'list'), qr/\A\S+\trcapi-admin\t127\.0\.0\.1\t\tadmin_purged_journal:0\n\z/,
        'but who did that');
    is_deeply(titles('dave', 'journal/rss', key => $t->key('dave')), [], 'feeds are empty then');
};

$t->done;
done_testing;
