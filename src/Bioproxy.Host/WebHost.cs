using System.Text;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Security;
using Bioproxy.Host.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host;

/// <summary>The web server and its two listeners. A listener is addressed by what it is for, never by its port: both may have the same one
/// on two hosts.</summary>
internal sealed class WebHost
{
    private static readonly object AdminListener = new();

    private readonly WebApplicationBuilder _builder;
    private ListenOptions? _proxy;
    private ListenOptions? _admin;

    /// <param name="options">The configuration.</param>
    /// <param name="logging">Sets the log up; null for the console.</param>
    public WebHost(ProxyOptions options, Action<ILoggingBuilder>? logging)
    {
        _builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        var levels = new LogLevelSwitch(options.LogLevel);
        _builder.Services.AddSingleton(levels);
        if (logging is null)
            _builder.Logging.AddConsoleLog(levels, options.LogFormat == LogFormat.Json);
        else
            logging(_builder.Logging.ClearProviders());
        if (options.OtlpEndpoint is { } collector)
            _builder.Logging.AddOtlpLog(collector);

        // It would make an activity for each request; the path has a fence, spans and log lines of its own.
        _builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        _builder.Services.Configure<HostOptions>(
            host => host.ShutdownTimeout = options.DrainTimeout > TimeSpan.Zero ? options.DrainTimeout : TimeSpan.FromMilliseconds(1));
        if (options.Tls is { } files)
        {
            _builder.WebHost.UseKestrelHttpsConfiguration();
            _builder.Services.AddSingleton(p => new CertificateSource(
                files, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<CertificateSource>>()));
        }

        _builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1; // as BackendPool does
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            KestrelLimits.Apply(kestrel.Limits, options);
            Func<CertificateSource>? tls = options.Tls is null
                ? null
                : () => kestrel.ApplicationServices.GetRequiredService<CertificateSource>();
            Listeners.Add(kestrel, options.ProxyHost, options.ProxyPort, tls, listen => _proxy = listen);

            // On this machine nobody listens in; scrapers and commands need no certificate there.
            var forAdmin = ListenHost.IsOfThisMachine(options.AdminHost) ? null : tls;
            Listeners.Add(kestrel, options.AdminHost, options.AdminPort, forAdmin, listen =>
            {
                _admin = listen;
                listen.Use(static next => connection =>
                {
                    connection.Items[AdminListener] = AdminListener;
                    return next(connection);
                });
            });
        });
    }

    public IServiceCollection Services => _builder.Services;

    /// <summary>Where clients connect; once started.</summary>
    public Uri ProxyAddress => Listeners.AddressOf(_proxy);

    /// <summary>Where health, metrics and status are; once started.</summary>
    public Uri AdminAddress => Listeners.AddressOf(_admin);

    public WebApplication Build() => _builder.Build();

    /// <summary>Restricts who may connect, where that is a matter of files; once started.</summary>
    public void Protect()
    {
        Listeners.Protect(_proxy);
        Listeners.Protect(_admin);
    }

    /// <summary>The listener is what counts: a Host header is the client's word.</summary>
    public static bool IsAdmin(HttpContext http) => http.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(AdminListener) == true;
}
