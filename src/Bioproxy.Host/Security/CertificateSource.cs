using System.Net.Security;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Security;

/// <summary>The certificate that clients see. When its files change, the new one is used for new connections; one that cannot be used
/// leaves the old one in use.</summary>
internal sealed partial class CertificateSource
{
    /// <summary>Between two looks at the files.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TlsOptions _tls;
    private readonly TimeProvider _time;
    private readonly ILogger<CertificateSource> _logger;
    private readonly Lock _lock = new();
    private volatile SslStreamCertificateContext _current;
    private (DateTime Certificate, DateTime Key) _read;
    private long _looked;

    /// <exception cref="InvalidOperationException">The certificate cannot be used; the configuration's check says so before.</exception>
    public CertificateSource(TlsOptions tls, TimeProvider time, ILogger<CertificateSource> logger)
    {
        _tls = tls;
        _time = time;
        _logger = logger;
        (_read, _looked) = (Times(), time.GetTimestamp());
        var (context, problem) = PemCertificate.Load(tls);
        _current = context ?? throw new InvalidOperationException(problem);
    }

    /// <summary>For the next connection.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_lock)
            {
                if (_time.GetElapsedTime(_looked) >= Interval)
                    Look_NeedsLock();
            }

            return _current;
        }
    }

    private void Look_NeedsLock()
    {
        _looked = _time.GetTimestamp();
        var times = Times();
        if (times == _read)
            return;
        _read = times;
        var (context, problem) = PemCertificate.Load(_tls);
        if (context is null)
        {
            LogKept(_tls.Certificate, problem!);
            return;
        }

        _current = context;
        LogRead(_tls.Certificate, context.TargetCertificate.NotAfter);
    }

    private (DateTime Certificate, DateTime Key) Times() =>
        (File.GetLastWriteTimeUtc(_tls.Certificate), File.GetLastWriteTimeUtc(_tls.Key));

    [LoggerMessage(LogLevel.Information, "The certificate {File} has changed and is used; it is valid until {End:u}.")]
    private partial void LogRead(string file, DateTime end);

    [LoggerMessage(LogLevel.Warning, "The certificate {File} has changed and cannot be used; the one before stays in use. {Problem}")]
    private partial void LogKept(string file, string problem);
}
