#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# test, get_method, get_server_info, get_ip and show_ip (contract 02 §2 and §10, 05).
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new(directives => "RcapiApiLevel 2.2.5\n");
$t->user('bob');
my $FORBIDDEN = 'Access was denied to this resource.';

subtest 'test' => sub {
    is_deeply $t->call(test => { args => $_ }, as => 'bob'), { id => 1, result => $_, error => undef },
        'gives back ' . (ref $_ || $_ // 'null')
        for 'x', 12, undef, [1, 'a/b'], { deep => { er => [] } }, "\x{e9}\x{1f600}";
    is $t->call(test => {})->{error}, 'Missing non optional `args` arg in JSON DATA', 'missing argument';
};

subtest 'get_method' => sub {
    my $ask = sub { $t->call(get_method => $_[0], as => 'bob')->{result} };
    my $all = $t->call(get_method => {}, as => 'bob')->{result};
    is_deeply $all, [sort @$all], 'sorted';
    is scalar(grep { $_ eq 'pull' } @$all), 1, 'each once';
    my %all = map { $_ => 1 } @$all;
    ok $all{$_}, $_ for qw(test get_method get_server_info get_ip show_ip get_user get_users create_user update_user
        delete_user create_repo get_repo get_repos pull get_repo_changeset create_users_group);
    is_deeply $ask->({ pattern => 'get_repo' }),
        ['get_repo', { repoid => '<RequiredType>', cache => '<Optional:True>',
            with_revision_names => '<Optional:False>', with_pullrequests => '<Optional:False>' }],
        'exactly one: its arguments';
    is_deeply $ask->({ pattern => 'get_u*r' }),
        ['get_user', { userid => '<Optional:<OptionalAttr:apiuser>>' }], 'a pattern with one match';
    is_deeply $ask->({ pattern => 'get_user*' }), [grep { /^get_user/ } @$all], 'several';
    is_deeply $ask->({ pattern => 'nothing*' }), [], 'none';
    my $create = $ask->({ pattern => 'create_repo' })->[1];
    is delete $create->{background}, '<Optional:False>', 'what create_repo takes besides';
    is_deeply $create, {
        repo_name => '<RequiredType>', repo_type => '<Optional:None>', owner => '<Optional:<OptionalAttr:apiuser>>',
        description => "<Optional:''>", private => '<Optional:False>', clone_uri => '<Optional:None>',
        landing_rev => "<Optional:'rev:tip'>", enable_statistics => '<Optional:False>',
        enable_locking => '<Optional:False>', enable_downloads => '<Optional:False>',
        copy_permissions => '<Optional:False>',
    }, 'create_repo as the documents print it';
};

subtest 'get_server_info' => sub {
    is $t->call(get_server_info => {}, as => 'bob')->{error}, $FORBIDDEN, 'refused';
    my $info = $t->call(get_server_info => {})->{result};
    is $info->{rhodecode_version}, '2.2.5', 'level, configured';
    is $info->{py_version}, '', 'no Python';
    like $info->{platform}, qr/^Linux-/, 'platform';
    my @modules = @{ $info->{modules} };
    is_deeply [map { $_->[0] } @{ $info->{py_modules} }], \@modules, 'names of both lists';
    is_deeply \@modules, [sort { lc $a cmp lc $b } @modules], 'sorted without case';
    like lc "@modules", qr/\b\Q$_\E\b/, $_ for qw(apr httpd json-c libgit2 mod_rcapi sqlite), 'apr-util';
    like $_->[1], qr/^\d+\.\d+/, "$_->[0] $_->[1]" for @{ $info->{py_modules} };
};

subtest 'get_ip, show_ip' => sub {
    $t->admin('ip', 'add', 'bob', $_) for '127.0.0.1', '10.1.2.3/16', '2001:db8::/32';
    for my $method (qw(get_ip show_ip)) {
        is $t->call($method => {}, as => 'bob')->{error}, $FORBIDDEN, "$method: refused";
        is_deeply $t->call($method => {})->{result}, { server_ip_addr => '127.0.0.1', user_ips => [] }, "$method: own";
        is_deeply $t->call($method => { userid => 'bob' })->{result}, {
            server_ip_addr => '127.0.0.1',
            user_ips => [
                { ip_addr => '127.0.0.1', ip_range => ['127.0.0.1', '127.0.0.1'] },
                { ip_addr => '10.1.2.3/16', ip_range => ['10.1.0.0', '10.1.255.255'] },
                { ip_addr => '2001:db8::/32', ip_range => ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'] },
            ],
        }, "$method: of somebody else";
        is $t->call($method => { userid => 'nobody' })->{error}, 'user `nobody` does not exist', "$method: unknown";
    }
};

$t->done;
done_testing;
