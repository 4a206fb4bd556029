# SPDX-License-Identifier: Apache-2.0
package Bench::Server;

=head1 NAME

Bench::Server - the private httpd of the tests, set up to be measured

=head1 SYNOPSIS

    my $s = Bench::Server->new(dir => $dir, module => $so, data => $data, cgit => $cgitrc, gitweb => $config,
        backend => 1);
    $s->start; ... $s->{port} ... $s->stop;

Two processes of 32 threads, keep-alive without end, no logs of requests. The module stands at /rc, cgit at /cgit,
gitweb at /gitweb, git-http-backend at /backend (and at /counted, where its cost is written down), files are below
/. The host "uncached" keeps no archives. Without C<module>: the same server without mod_rcapi. C<database>: another
one than the file in C<data>; BENCH_DIRECTIVES of the environment is added to the configuration. C<mpm>: another one
than event. C<temp>: the temporary folder that everything is in, which stays until the server has ended, because the
server writes into it.

=cut

use strict;
use warnings;
use parent 'RCAPI::Server';
use List::Util qw(sum0);
use POSIX ();
use RCAPI::Run qw(account patiently slurp);

our $CGIT = $ENV{BENCH_CGIT} || '/usr/lib/cgit/cgit.cgi';
our $BACKEND = '/usr/lib/git-core/git-http-backend';
our $GITWEB = '/usr/share/gitweb/gitweb.cgi';
my @MODULES = qw(unixd authn_core authz_core mime);

sub config {
    my ($self, $port) = @_;
    my $dir = $self->{dir};
    my $account = (account())[0];
    my $user = $account ? "User $account\nGroup #${\((account())[2])}\n" : '';
    my @scripts = $self->_scripts;
    my @modules = (@MODULES, @scripts ? qw(cgid env alias) : ());
    return <<"END" . $self->_mpm . $user . $self->_module($port) . $self->_peers;
ServerRoot $dir
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile $dir/run/httpd.pid
DefaultRuntimeDir $dir/run
${\ RCAPI::Server::_load("mpm_$self->{mpm}", @modules) }
ErrorLog $dir/logs/error_log
LogLevel warn
TypesConfig $dir/mime.types
DocumentRoot $dir/htdocs
KeepAliveTimeout 30
MaxKeepAliveRequests 0
<IfModule mpm_event_module>
    AsyncRequestWorkerFactor 30
</IfModule>
Timeout 60
<Directory />
    Options FollowSymLinks
    AllowOverride None
</Directory>
<Directory $dir/htdocs>
    Require all granted
    <Files *.sent>
        EnableSendfile On
    </Files>
</Directory>
END
}

sub _module {
    my ($self, $port) = @_;
    return '' unless $self->{module};
    return <<"END";
LoadModule rcapi_module $self->{module}
RcapiDatabase "${\ ($self->{database} // "$self->{data}/rcapi.db")}"
${\ ($ENV{BENCH_DIRECTIVES} // '')}
RcapiRepositoryRoot $self->{data}/repos
RcapiSecretFile $self->{data}/secret
RcapiTempDirectory $self->{dir}/tmp
RcapiAccessControllersWhitelist *
<Location /rc>
    SetHandler rcapi
    Require all granted
</Location>
<VirtualHost 127.0.0.1:$port>
    ServerName 127.0.0.1
</VirtualHost>
<VirtualHost 127.0.0.1:$port>
    ServerName uncached
    RcapiArchiveCache None
</VirtualHost>
END
}

# Programs by CGI, to compare with: place, program, variables.
sub _scripts {
    my ($self) = @_;
    my %backend = (GIT_PROJECT_ROOT => "$self->{data}/repos", GIT_HTTP_EXPORT_ALL => 1, GIT_CONFIG_COUNT => 1,
        GIT_CONFIG_KEY_0 => 'http.receivepack', GIT_CONFIG_VALUE_0 => 'true', BENCH_PROGRAM => $BACKEND,
        BENCH_COST => "$self->{dir}/cost") if $self->{backend};
    return (
        $self->{cgit} ? ['cgit', $CGIT, { CGIT_CONFIG => $self->{cgit} }] : (),
        $self->{gitweb} ? ['gitweb', $GITWEB, { GITWEB_CONFIG => $self->{gitweb} }] : (),
        $self->{backend} ? (['backend', $BACKEND, \%backend], ['counted', $self->{backend}, {}]) : (),
    );
}

sub _peers {
    my ($self) = @_;
    my @scripts = $self->_scripts or return '';
    return join '', "ScriptSock $self->{dir}/run/cgid.sock\n", map {
        my ($place, $program, $env) = @$_;
        join('', map { "SetEnv $_ $env->{$_}\n" } sort keys %$env) . <<"END"
ScriptAlias /$place $program
<Directory ${\ $program =~ s{/[^/]*$}{}r }>
    Options ExecCGI
    Require all granted
</Directory>
END
    } @scripts;
}

# Of one child: kilobytes of memory that only it has (kind 'private'), or that is no file ('anon').
sub memory {
    my ($pid, $kind) = @_;
    return (slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m)[0] if $kind eq 'anon';
    return sum0(slurp("/proc/$pid/smaps_rollup") =~ /^Private_\w+:\s+(\d+)/mg);
}

# The children that serve; mod_cgid's daemon is a child of httpd's too, but of one thread.
sub workers {
    my ($self) = @_;
    return grep { (slurp("/proc/$_/status") =~ /^Threads:\s+(\d+)/m)[0] > 2 } $self->children;
}

# Microseconds of processor time that processes have taken, and that those took for which they waited.
sub _times {
    my ($own, $ended) = (0, 0);
    for my $pid (@_) {
        my @field = split ' ', slurp("/proc/$pid/stat") =~ s/.*\)//sr;
        $own += $field[11] + $field[12];
        $ended += $field[13] + $field[14];
    }
    return map { 1e6 * $_ / POSIX::sysconf(POSIX::_SC_CLK_TCK()) } $own, $ended;
}

# Of the serving children.
sub cpu { my ($self) = @_; return (_times($self->workers))[0] }

# Of the whole server: its children, what they ran, and what is written down about CGI programs.
sub cost {
    my ($self) = @_;
    my ($own) = _times($self->children);
    my (undef, $ended) = _times($self->workers);
    return $own + $ended + sum0(split ' ', slurp("$self->{dir}/cost"));
}

# Waits for both children, the largest of their memories in kilobytes.
sub largest {
    my ($self, $kind) = @_;
    patiently(10, sub { $self->workers >= 2 }) or die "httpd has no two children\n";
    my ($most) = sort { $b <=> $a } map { memory($_, $kind) } $self->workers;
    return $most;
}

1;
