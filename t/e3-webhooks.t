#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Webhooks (contract 12 §1): who may have them, what they get and with which keys, by receivers that fail,
# hang and redirect; the order of one repository; and what is left when the sender or httpd is killed.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256_hex);
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep);
use RCAPI::GitClient;
use RCAPI::Receiver;
use RCAPI::Run qw(patiently slurp);
use RCAPI::Test;

my $t = RCAPI::Test->new(webhooks => 1, children => 1, directives => <<'END');
RcapiWebhookRetry 0
RcapiWebhookTimeout 1
RcapiDatabaseSync NORMAL
END
my $r = RCAPI::Receiver->new("$t->{dir}/scratch/seen");
my $SECRET = 'a secret of the webhook';
my $QUERY = 'api_key=q7w8e9r0t1z2u3i4o5';
$t->secret($SECRET, 'q7w8e9r0t1z2u3i4o5');
$t->user($_) for qw(bob ann);
my $app = $t->repo('group/app', empty => 1);
$t->must(grant_user_permission => { repoid => 'group/app', userid => 'bob', perm => 'repository.admin' });
my $git = RCAPI::GitClient->new($t, as => 'admin');

sub true { JSON::PP::true() }
sub hook { my ($path, %more) = @_; $t->must(create_webhook => { url => $r->url . $path, %more })->{webhook} }
sub error { my ($method, $args, @as) = @_; $t->call($method => $args, @as)->{error} }
sub deliveries { @{ $t->must(get_webhook_deliveries => { webhookid => $_[0]{webhook_id}, limit => 1000 }) } }
sub drop { $t->must(delete_webhook => { webhookid => $_->{webhook_id} }) for @_ }

# What came to a path, at least $n requests.
sub came {
    my ($path, $n) = @_;
    my @seen;
    patiently(20, sub { @seen = $r->seen($path); @seen >= $n });
    return @seen;
}

# The decoded events.
sub events { map { decode_json($_->{body})->{event} } came(@_) }

# The deliveries when none waits any more.
sub ended {
    my ($hook) = @_;
    my @all;
    patiently(20, sub { @all = deliveries($hook); !grep { $_->{state} eq 'waiting' } @all });
    return @all;
}

subtest 'who may have them, and what is refused' => sub {
    my $url = $r->url . '/ok';
    is error(create_webhook => { url => $url }, as => 'bob'), 'Access was denied to this resource.', 'for all';
    is error(create_webhook => { url => $url, repoid => 'group/app' }, as => 'ann'),
        'repository `group/app` does not exist', 'of a repository';
    is error(create_webhook => { url => $url, repogroupid => 'group' }, as => 'bob'),
        'repository group `group` does not exist', 'of a group';
    is error(create_webhook => { url => $url, repogroupid => 'group', repoid => 'group/app' }),
        'repoid and repogroupid exclude each other', 'of both';
    is error(create_webhook => { url => $_->[0] }), $_->[1], "url $_->[0]" for
        (map { [$_, 'the URL must begin with http:// or https://'] } 'x', 'git://x/', 'me@host:path'),
        ['http://x', 'remote address: has no path'],
        map { [$_, 'the URL holds a fragment, control character or blank'] } 'http://x/?a b', 'http://x/#y';
    is error(create_webhook => { url => undef }), 'url must be a text', 'no url';
    is error(create_webhook => { url => $url, events => $_->[0] }), $_->[1], 'events' for
        [['repo-push', 'x'], 'event `x` does not exist'], [[], 'events must name at least one event'],
        ['repo-push', 'events must be a list of names'], [[1], 'events must be a list of names'];
    is error(create_webhook => { url => $url, @$_ }), "$_->[0] must be true or false", "$_->[0] $_->[1]" for
        [active => 'maybe'], [active => ''], [active => 2], [active => []], [send_token => 'ture'];
    is error(create_webhook => { url => $url, secret => 'x' x 257 }),
        'secret must be one line of at most 256 bytes', 'a long secret';

    my $hook = $t->must(create_webhook => { url => "$url?$QUERY", repoid => 'group/app', secret => $SECRET },
        as => 'bob');
    my $id = $hook->{webhook}{webhook_id};
    like delete $hook->{webhook}{created_on}, qr/^\d{4}-\d\d-\d\dT/, 'created_on';
    is_deeply $hook, { msg => "created new webhook ID:$id", webhook => { webhook_id => $id, url => "$url?*****",
        events => ['repo-push'], repo_name => 'group/app', repo_group_name => undef, global => JSON::PP::false(),
        owner => 'bob', signed => true(), send_token => JSON::PP::false(), active => true(), failures => 0 } },
        'a webhook';
    unlike $t->dump, qr/q7w8e9r0|a secret of/, 'is stored sealed' if !RCAPI::Test::on_server();
    is error($_ => { webhookid => $id }, as => 'ann'), "webhook `$id` does not exist", "$_ of others"
        for qw(update_webhook delete_webhook get_webhook_deliveries test_webhook);
    is error(get_webhook_deliveries => { webhookid => $id, limit => 0 }), 'limit must be a number from 1 to 1000',
        'limit';
    is error(redeliver_webhook => { deliveryid => 99 }), 'delivery `99` does not exist', 'no delivery';
    is_deeply [map { scalar @{ $t->must(get_webhooks => {}, as => $_) } } qw(admin bob ann)], [1, 1, 0],
        'lists';
    is @{ $t->must(get_webhooks => { repoid => 'group/app' }) }, 1, 'of a repository';
    my $now = $t->must(update_webhook => { webhookid => $id, events => ['repo-pull', 'repo-push'],
        active => 'false' });
    is_deeply [@{ $now->{webhook} }{qw(owner active events url)}], ['admin', JSON::PP::false(),
        ['repo-pull', 'repo-push'], "$url?*****"], 'changed: what was not named stays';
    hook('/ok', repoid => 'group/app') for 2 .. 20;
    is error(create_webhook => { url => $url, repoid => 'group/app' }), 'there are 20 webhooks already', 'too many';
    is_deeply $t->must(delete_webhook => { webhookid => $id }, as => 'bob'),
        { msg => "deleted webhook ID:$id", success => true() }, 'deleted';
    drop(@{ $t->must(get_webhooks => {}) });
};

my %commit = (raw_id => '', short_id => '', message => '', message_html => '', message_html_title => '', author => '',
    date => '', branch => '', revision => 0, parents => [{ raw_id => '' }], url => '', permalink_url => '',
    mentions => [], reviewers => [], issues => [], refs => { branches => [''], bookmarks => [], tags => [] });
my %frame = (name => '', actor => { user_id => 0, username => '' }, actor_ip => '', server_url => '',
    utc_timestamp => '', repo => { repo_id => 0, repo_name => '', repo_type => '', url => '', permalink_url => '',
    extra_fields => {} });

# The keys of an object, and of what is in it.
sub keys_of {
    my ($x) = @_;
    return ref $x eq 'HASH' ? '{' . join(' ', map { "$_ " . keys_of($x->{$_}) } sort keys %$x) . '}'
        : ref $x eq 'ARRAY' && @$x ? '[' . keys_of($x->[0]) . ']' : ref $x eq 'ARRAY' ? '[]' : '.';
}

subtest 'pushes' => sub {
    my $hook = hook("/ok?$QUERY", repoid => 'group/app', secret => $SECRET);
    my $work = $git->folder;
    $git->must($t->dir, 'init', '-q', '-b', 'master', $work);
    $t->git($work, qw(commit -q --allow-empty -m), "<one> & more\n\nText", qw(--author), 'A <a@b.c>');
    $t->git($work, qw(commit -q --allow-empty -m two));
    $git->must($work, 'remote', 'add', 'origin', $git->url('group/app'));
    $git->must($work, qw(push -q origin master));
    my ($seen) = came("/ok?$QUERY", 1);
    my %h = %{ $seen->{headers} };
    my $mac = 'sha256=' . hmac_sha256_hex($seen->{body}, $SECRET);
    my ($delivery) = ended($hook);
    is_deeply { map { $_ => $h{$_} } qw(content-type x-rcapi-signature x-hub-signature-256 x-rcapi-event
        x-rcapi-delivery) }, { 'content-type' => 'application/json', 'x-rcapi-signature' => $mac,
        'x-hub-signature-256' => $mac, 'x-rcapi-event' => 'repo-push', 'x-rcapi-delivery' => $delivery->{id} },
        'headers';
    like $h{'user-agent'}, qr{^RhodeCode-webhook-caller/[\d.]+}, 'the agent';
    is_deeply [@$delivery{qw(event state status_code attempts next_attempt error)}],
        ['repo-push', 'sent', 200, 1, undef, undef], 'a delivery';
    my $body = decode_json($seen->{body});
    is keys_of($body), keys_of({ token => '', event => { %frame, push => { branches => [{ name => '', url => '' }],
        tags => [], issues => {}, commits => [{ %commit, parents => [], refs => { branches => [], tags => [],
        bookmarks => [] } }] } } }), 'the keys';
    my $event = $body->{event};
    my ($ids, $url, $repo) = ([reverse split /\n/, $t->git($work, qw(rev-list master))], $t->url, $event->{repo});
    is_deeply [map { $_->{raw_id} } @{ $event->{push}{commits} }], $ids, 'commits, oldest first';
    is_deeply [map { $_->{branch} } @{ $event->{push}{commits} }], ['master', 'master'], 'their branch';
    is_deeply $event->{push}{branches}, [{ name => 'master', url => "$url/group/app/changelog?branch=master" }],
        'branches';
    my $first = $event->{push}{commits}[0];
    is_deeply [@$first{qw(author message message_html message_html_title url permalink_url)}], ['A <a@b.c>',
        "<one> & more\n\nText\n", "&lt;one&gt; &amp; more\n\nText\n", '&lt;one&gt; &amp; more',
        "$url/group/app/changeset/$ids->[0]", "$url/_$repo->{repo_id}/changeset/$ids->[0]"], 'a commit';
    is_deeply [$body->{token}, @$event{qw(name actor_ip server_url)}, $event->{actor}{username}, @$repo{qw(repo_name
        repo_type url permalink_url)}], ['', 'repo-push', '127.0.0.1', $url, 'admin', 'group/app', 'git',
        "$url/group/app", "$url/_$repo->{repo_id}"], 'the frame';
    like $event->{utc_timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\z/, 'the time';

    $t->git($work, qw(tag v1));
    $git->must($work, qw(push -q origin master:dev v1));
    $git->must($work, qw(push -q origin :dev));
    my @events = events("/ok?$QUERY", 3);
    is_deeply [map { my $p = $_; [map { $_->{raw_id} } @{ $p->{push}{commits} }] } @events[1, 2]],
        [['tag=>v1'], ['delete_branch=>dev']], 'changes of references';
    is_deeply [map { my $p = $_->{push}; [map { map { $_->{name} } @{ $p->{$_} } } qw(branches tags)] } @events[1, 2]],
        [['dev', 'v1'], []], 'branches and tags';
    my $gone = $events[2]{push}{commits}[0];
    is_deeply [@$gone{qw(short_id git_ref_change message branch url)}, exists $gone->{parents}], ['delete_branch=>dev',
        'branch_delete', 'Deleted branch dev', undef, "$url/group/app", ''],
        'a branch that is gone';
    is error(update_webhook => { webhookid => $hook->{webhook_id}, %$_ }),
        'secret must be given again with another url or send_token', 'the secret is not sent elsewhere'
        for { send_token => 'true' }, { url => $r->url . '/ok' };
    $t->must(update_webhook => { webhookid => $hook->{webhook_id}, send_token => 'true', secret => $SECRET });
    $t->must(redeliver_webhook => { deliveryid => $delivery->{id} });
    my $again = decode_json((came("/ok?$QUERY", 4))[3]{body});
    $event->{push}{commits}[1]{refs}{tags} = ['v1']; # as it is now
    is_deeply [$again->{token}, $again->{event}], [$SECRET, $event], 'sent again, with the token';
    $t->admin(qw(secret rotate));
    $t->must(test_webhook => { webhookid => $hook->{webhook_id} });
    my $test = (events("/ok?$QUERY", 5))[4];
    is $test->{name}, 'webhook-test', 'a test, after a new secret of the server';
    is keys_of($test), keys_of(\%frame), 'its keys';
    drop($hook);
};

subtest 'other events' => sub {
    my $all = hook('/ok/all', events => [map { "repo-$_" } qw(create delete pull commit-comment)]);
    my $own = hook('/ok/group', repogroupid => 'group', events => ['repo-create', 'repo-delete']);
    $t->must(update_webhook => { webhookid => hook('/ok/ann')->{webhook_id}, events => ['repo-create'] });
    $t->must(create_repo => { repo_name => 'group/deep/new', repo_type => 'git' });
    my ($commit) = $t->git($app->{path}, qw(rev-parse master)) =~ /(\w+)/;
    $t->must(comment_commit => { repoid => 'group/app', commit_id => $commit, message => 'so so',
        status => 'approved', comment_type => 'todo' });
    $git->clone('group/app');
    my @seen = events('/ok/all', 3);
    is_deeply [map { $_->{name} } sort { $a->{utc_timestamp} cmp $b->{utc_timestamp} } @seen],
        [qw(repo-create repo-commit-comment repo-pull)], 'all repositories';
    my ($comment) = grep { $_->{comment} } @seen;
    is_deeply $comment->{commit}, { commit_id => $commit, commit_message => "two\n", commit_branch => 'master' },
        'a commit';
    ok delete $comment->{comment}{comment_id}, 'the id of a comment';
    is_deeply $comment->{comment}, { comment_text => 'so so', comment_type => 'todo', comment_f_path => undef,
        comment_line_no => undef, status => 'approved' }, 'a comment';
    $t->must(delete_repo => { repoid => 'group/deep/new' });
    is_deeply [map { "$_->{name} $_->{repo}{repo_name}" } events('/ok/group', 2)],
        ['repo-create group/deep/new', 'repo-delete group/deep/new'], 'a group, and what was deleted';
    drop(@{ $t->must(get_webhooks => {}) });
};

# Queued as a commit through mod_dav_svn is.
subtest 'a commit of svn' => sub {
    require RCAPI::Svn;
    RCAPI::Svn::built("$t->{bin}/$t->{module}") or plan skip_all => 'built without libsvn';
    my $dump = RCAPI::Svn->dump;
    $dump->revision(log => 'first');
    $dump->dir($_) for 'trunk', 'tags', 'tags/v1';
    $dump->serve($t, 'sheet');
    my $hook = hook('/ok/svn');
    $t->sql("INSERT INTO webhook_delivery (webhook_id, event, created_on, username, ip, repo_id, repo_name, repo_type,
        about, state, due) SELECT $hook->{webhook_id}, 'repo-push', 1, 'admin', '', repo_id, repo_name, repo_type,
        '1', 'waiting', 1 FROM repo WHERE repo_name = 'sheet'");
    my ($event) = events('/ok/svn', 1);
    is_deeply [map { [@$_{qw(raw_id message branch refs)}] } @{ $event->{push}{commits} }], [['1', 'first', undef,
        { branches => ['trunk'], bookmarks => [], tags => ['tags/v1'] }]], 'its commit, with what leads to it';
    drop($hook);
};

subtest 'the rights of the owner' => sub {
    $t->must(grant_user_permission_to_repo_group => { repogroupid => 'group', userid => 'bob',
        perm => 'group.admin' });
    my $hook = $t->must(create_webhook => { url => $r->url . '/ok/bob', repogroupid => 'group',
        events => ['repo-create'] }, as => 'bob')->{webhook};
    my $create = sub { $t->must(create_repo => { repo_name => "group/$_[0]", repo_type => 'git', private => $_[1] }) };
    $create->('hidden', 'true');
    $create->('open', 'false');
    is_deeply [map { $_->{repo}{repo_name} } events('/ok/bob', 1)], ['group/open'],
        'nothing of what they may not read';
    $t->must(update_user => { userid => 'bob', active => 'false' });
    $create->('later', 'false');
    is scalar(deliveries($hook)), 1, 'nothing while they are not active';
    $t->must(update_user => { userid => 'bob', active => 'true' });
    drop($hook);
};

subtest 'pull requests' => sub {
    my $hook = hook('/ok/pulls', repoid => 'group/app', events => ['repo-push', map { "pullrequest-$_" }
        qw(create update merge close comment review)]);
    my $work = $git->clone('group/app');
    $git->must($work, qw(checkout -q -b topic));
    $git->must($work, qw(-c user.name=x -c user.email=x@y commit -q --allow-empty -m topic));
    $git->must($work, qw(push -q origin topic));
    my $id = $t->must(create_pull_request => { source_repo => 'group/app', target_repo => 'group/app', title => 'T',
        source_ref => 'branch:topic', target_ref => 'branch:master' })->{pull_request_id};
    my %pull = (repoid => 'group/app', pullrequestid => $id);
    $t->must(update_pull_request => { %pull, title => 'New' });
    $t->must(comment_pull_request => { %pull, message => 'fine', status => 'approved' });
    my $merge = $t->must(merge_pull_request => \%pull)->{merge_commit_id};
    my (undef, @seen) = events('/ok/pulls', 7); # after the push of the branch
    my $push = splice @seen, 4, 1;
    is $push->{name}, 'repo-push', 'a merge is a push, for who builds what is pushed';
    is_deeply [map { $_->{raw_id} } @{ $push->{push}{commits} }],
        [split /\n/, $git->must($work, qw(rev-parse topic)) . $merge], 'of what the target lacked';
    is_deeply [map { $_->{name} } @{ $push->{push}{branches} }], [qw(master topic)], 'and where it is';
    is_deeply [map { $_->{name} } @seen], [map { "pullrequest-$_" } qw(create update comment review merge)],
        'the events';
    is_deeply [@{ $seen[4]{pullrequest} }{qw(pull_request_id title status url)}], [$id, 'New', 'closed',
        $t->url . "/group/app/pull-request/$id"], 'a pull request';
    is_deeply [@{ $seen[3]{comment} }{qw(comment_text status)}], ['fine', 'approved'], 'a review';
    drop($hook);
};

subtest 'failures are seen' => sub {
    my %error = ('/500' => 'HTTP status 500', '/redirect' => 'HTTP status 302: redirects are not followed',
        '/hang' => 'Timeout was reached');
    my %hook = map { $_ => hook($_) } keys %error;
    $hook{'/closed'} = $t->must(create_webhook => { url => 'http://127.0.0.1:1/' })->{webhook};
    $hook{'/nobody'} = $t->must(create_webhook => { url => 'https://nobody.invalid/' })->{webhook};
    @error{qw(/closed /nobody)} = ("Couldn't connect to server", 'remote address: host nobody.invalid is not known');
    $t->must(test_webhook => { webhookid => $_->{webhook_id} }) for values %hook;
    for (sort keys %hook) {
        my ($one) = ended($hook{$_});
        is_deeply [@$one{qw(state attempts error next_attempt)}], ['failed', 4, $error{$_}, undef], $_;
    }
    is scalar(came('/500', 4)), 4, 'four attempts';
    my $log = $t->error_log;
    my ($ill_id, $url) = ($hook{'/500'}{webhook_id}, $r->url);
    my @lines = grep { /webhook $ill_id: delivery/ } split /\n/, $log;
    my $to = qr{delivery \d+ \(webhook-test\) to \Q$url\E/500};
    like $lines[$_->[0]], qr/rcapi:$_->[1]\].* $to: attempt $_->[2] has failed$_->[3]: HTTP status 500/,
        'a line of the log' for [0, 'info', 1, ''], [3, 'warn', 4, ', the last one'];
    is $t->must(get_webhooks => {})->[0]{failures}, 4, 'counted';
    $t->sql("UPDATE webhook SET failures = 48 WHERE webhook_id = $hook{'/500'}{webhook_id}");
    queue($hook{'/500'}, 1, 1, 3); # at once: a test after the second failure would be sent
    is_deeply [map { "$_->{state} $_->{attempts} $_->{error}" } (ended($hook{'/500'}))[0, 2]],
        ['failed 0 the webhook was disabled after too many failures',
        'failed 2 the webhook was disabled after too many failures'], 'what waits for a disabled one';
    my ($ill) = grep { $_->{webhook_id} == $hook{'/500'}{webhook_id} } @{ $t->must(get_webhooks => {}) };
    is_deeply [@$ill{qw(active failures)}], [JSON::PP::false(), 50], 'disabled';
    drop(values %hook);

    my $hook = hook('/ok/inner');
    my $second = $t->try_admin(qw(deliver --once));
    is "$second->{exit} $second->{err}", "1 rcapi-admin: the server sends, or another rcapi-admin\n",
        'one process sends';
    $t->stop;
    $t->sql("INSERT INTO webhook_delivery (webhook_id, event, created_on, username, ip, repo_id, repo_name, repo_type,
        about, state, due) VALUES ($hook->{webhook_id}, 'webhook-test', 1, 'x', '', 0, '', '', '', 'waiting', 1)");
    $t->admin(qw(deliver --once));
    is $t->sql("SELECT state, attempts, error FROM webhook_delivery") =~ s/\n//r,
        'waiting|1|remote address: host 127.0.0.1 is 127.0.0.1, which is not public (see RcapiRemotePrivate)',
        'an inner address';
    $t->sql("UPDATE webhook_delivery SET due = 1;
        UPDATE webhook_sender SET host = 'elsewhere', until = 9000000000000000");
    $t->admin(qw(deliver --once --private));
    is $t->sql('SELECT attempts FROM webhook_delivery'), "1\n", 'not while another machine sends';
    $t->sql('UPDATE webhook_sender SET until = 1');
    $t->admin(qw(deliver --once --private));
    is scalar(came('/ok/inner', 1)), 1, 'with permission';
    $t->sql("UPDATE webhook_delivery SET state = 'waiting', due = 9000000000000000");
    $t->start;
    my ($late) = deliveries($hook);
    is_deeply decode_json($t->admin('call', 'redeliver_webhook', "deliveryid:$late->{id}"))->{result}, {
        msg => "webhook delivery ID:$late->{id} is due now", delivery => $late->{id}, success => true() },
        'what waits is sent by rcapi-admin';
    is ((ended($hook))[0]{state}, 'sent', 'at once');
    $t->sql("UPDATE webhook_delivery SET state = 'waiting', due = 9000000000000000");
    $t->must(update_webhook => { webhookid => $hook->{webhook_id}, active => 'false' });
    is ${ (deliveries($hook))[0] }{error}, 'the webhook was disabled', 'what waits for a webhook that is not active';
    drop($hook);
};

# Queues $n events of a repository, as pushes would.
sub queue {
    my ($hook, $repo, $from, $n) = @_;
    $t->sql("INSERT INTO webhook_delivery (webhook_id, event, created_on, username, ip, repo_id, repo_name, repo_type,
        about, state, due) WITH RECURSIVE n (i) AS (SELECT $from UNION ALL
            SELECT i + 1 FROM n WHERE i < $from + $n - 1)
        SELECT $hook->{webhook_id}, 'webhook-test', 1000000 * CAST(i AS BIGINT), 'x', '', $repo, '', '', '', 'waiting',
            CASE WHEN i = $from AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.state = 'waiting'
                AND d.repo_id = $repo AND d.webhook_id = $hook->{webhook_id}) THEN 1 END FROM n");
}

subtest 'rights when it is sent, and the largest events' => sub {
    my $id = $t->must(get_repo => { repoid => 'group/app' })->{repo_id};
    my $hook = $t->must(create_webhook => { url => $r->url . '/ok/ann', repogroupid => 'group',
        events => ['repo-commit-comment', 'repo-push', 'repo-delete'] })->{webhook};
    my %hook = (webhookid => $hook->{webhook_id});
    my $gone = $t->repo('group/gone');
    $t->must(delete_repo => { repoid => 'group/gone' });
    $t->must(grant_user_permission_to_repo_group => { repogroupid => 'group', userid => 'ann',
        perm => 'group.admin' });
    $t->must(grant_user_permission => { repoid => 'group/app', userid => 'ann', perm => 'repository.none' });
    my ($commit) = $t->git($app->{path}, qw(rev-parse master)) =~ /(\w+)/;
    $t->must(comment_commit => { repoid => 'group/app', commit_id => $commit, message => 'of the house' });
    is_deeply [map { $_->{event} } ended($hook)], ['repo-commit-comment', 'repo-delete'], 'what the first owner got';
    $t->must(update_webhook => { %hook, url => $r->url . '/ok/evil' }, as => 'ann');
    my ($old, @more) = deliveries($hook);
    is_deeply [$old->{event}, @more], ['repo-commit-comment'], 'another owner: what was deleted is forgotten';
    $t->must(redeliver_webhook => { deliveryid => $old->{id} }, as => 'ann');
    my ($new) = ended($hook);
    is_deeply [@$new{qw(state attempts error)}], ['failed', 1,
        'the owner of the webhook may not read the repository'], 'what the other owner may not read';
    is scalar($r->seen('/ok/evil')), 0, 'is not sent';
    is $t->must(get_webhooks => {}, as => 'ann')->[0]{failures}, 0, 'the receiver is not to blame';
    $t->must(update_webhook => { %hook, url => $r->url . '/ok/large' });
    $t->must(redeliver_webhook => { deliveryid => $old->{id} });
    is scalar(came('/ok/large', 1)), 1, 'one who may read it gets it';

    # An author of 60 KiB, most of which is six bytes long in JSON; a pusher chooses it.
    my $work = $git->clone('group/app');
    my $tree = $t->git($work, qw(rev-parse HEAD^{tree})) =~ s/\n//r;
    my $text = "tree $tree\nauthor " . "\x01" x 60000 . " <a\@b> 1 +0000\ncommitter a <a\@b> 1 +0000\n\n"
        . "\x01" x 16000;
    my $large = RCAPI::Git::write_object("$work/.git", commit => $text);
    $git->must($work, qw(push -q origin), "$large:refs/heads/large");
    my ($push) = grep { $_->{name} eq 'repo-push' } events('/ok/large', 2);
    is_deeply [map { [@$_{qw(raw_id message)}] } @{ $push->{push}{commits} }], [[$large, '']],
        'of a commit that is too large there is the id';
    drop($hook);
};

subtest 'too many' => sub {
    my $hook = hook('/hang/full', repoid => 'group/app', events => ['repo-commit-comment']);
    my $repo = $t->must(get_repo => { repoid => 'group/app' })->{repo_id};
    queue($hook, 1000 + $repo, 1, 10_000);
    my %hook = (webhookid => $hook->{webhook_id});
    is error(test_webhook => \%hook), 'too many deliveries of the webhook wait', 'a test';
    is error(redeliver_webhook => { deliveryid => (deliveries($hook))[0]{id} }),
        undef, 'one of those that wait is due now';
    my ($commit) = $t->git($app->{path}, qw(rev-parse master)) =~ /(\w+)/;
    $t->must(comment_commit => { repoid => 'group/app', commit_id => $commit, message => 'one more' });
    is_deeply [map { @$_{qw(state error)} } (deliveries($hook))[0]],
        ['failed', 'the webhook was disabled: too many deliveries waited'], 'it is disabled';
    is scalar(deliveries($hook)), 1000, 'some are kept';
    drop($hook);

    my $late = hook('/hang/late');
    $t->must(test_webhook => { webhookid => $late->{webhook_id} });
    came('/hang/late', 1);
    $t->must(update_webhook => { webhookid => $late->{webhook_id}, active => 'false' });
    sleep 1.5; # its attempt ends
    is_deeply [map { "$_->{state} $_->{error}" } ended($late)], ['failed the webhook was disabled'],
        'what is being sent when it is disabled is not tried again';
    drop($late);

    my @two = map { hook("/ok/two$_") } 0, 1;
    $t->sql("INSERT INTO webhook_delivery (webhook_id, event, created_on, username, ip, repo_id, repo_name, repo_type,
        about, state) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
        SELECT $two[0]{webhook_id} + i % 2, 'webhook-test', 1, 'x', '', 0, '', '', '', 'sent' FROM n");
    $t->must(test_webhook => { webhookid => $_->{webhook_id} }) for @two;
    is scalar(ended($_)), 100, 'old ones of each are deleted' for @two;
    drop(@two);
};

sub sender { $t->{server}->senders }

subtest 'slow receivers of one owner' => sub {
    my $slow = $t->must(create_webhook => { url => $r->url . '/hang/slow', repoid => 'group/app' },
        as => 'bob')->{webhook};
    my $mine = "user_id = (SELECT user_id FROM webhook WHERE webhook_id = $slow->{webhook_id})";
    $t->sql("INSERT INTO webhook (user_id, repo_id, target, url, server_url, events, signed, with_token, active,
        created_on) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
        SELECT user_id, repo_id, target, url, server_url, events, signed, with_token, active, created_on
          FROM n, webhook WHERE webhook_id = $slow->{webhook_id}");
    my $tried = "SELECT count(*) FROM webhook_delivery d JOIN webhook w ON w.webhook_id = d.webhook_id
        WHERE w.$mine AND attempts > 0";
    $t->sql("INSERT INTO webhook_delivery (webhook_id, event, created_on, username, ip, repo_id, repo_name, repo_type,
        about, state, due) SELECT webhook_id, 'webhook-test', 1, 'x', '', 0, '', '', '', 'waiting', 1
          FROM webhook WHERE $mine");
    my $quick = hook('/ok/quick');
    $t->must(test_webhook => { webhookid => $quick->{webhook_id} });
    came('/ok/quick', 1);
    cmp_ok $t->sql($tried), '<', 150, 'do not keep another one waiting';
    $t->sql("DELETE FROM webhook WHERE $mine");
    drop($quick);
};

subtest 'order, and kills' => sub {
    my $n = ($ENV{RCAPI_ROUNDS} // '') eq 'all' ? 2500 : 25;
    my $hook = hook('/half');
    queue($hook, $_, 1, $n) for 1001 .. 1004;
    patiently(20, sub { $r->seen('/half') > 5 });
    my ($sender) = sender();
    ok $sender, 'the sender' and kill KILL => $sender;
    patiently(20, sub { my ($new) = sender(); $new && $new != $sender });
    patiently(20, sub { $r->seen('/half') > 20 });
    my ($httpd) = slurp("$t->{dir}/run/httpd.pid") =~ /(\d+)/;
    ($sender) = sender();
    kill KILL => $httpd, grep { $_ != $sender } $t->children;
    ok patiently(5, sub { !-e "/proc/$sender" }), 'the sender ends when httpd is gone';
    $t->stop;
    $t->start;
    $t->reload;
    ok patiently(10, sub { sender() == 1 }), 'one sender after a restart';
    my @left;
    patiently(600, sub { @left = grep { $_->{state} eq 'waiting' } deliveries($hook); !@left });
    my $failed = $t->sql("SELECT count(*) FROM webhook_delivery WHERE state = 'failed'");
    my (%last, %got, @wrong);
    for ($r->seen('/half')) {
        my $event = decode_json($_->{body})->{event};
        my ($repo, $time) = ($event->{repo}{repo_id}, $event->{utc_timestamp});
        push @wrong, "$repo: $time after $last{$repo}" if ($last{$repo} // '') gt $time;
        $got{"$repo $time"}++;
        $last{$repo} = $time;
    }
    is "@wrong", '', 'in order';
    is scalar(keys %got), 4 * $n, 'all of them';
    cmp_ok $failed, '<', $n, 'few have failed';
    drop($hook);
};

$t->done;
done_testing;
