using System.Net;
using System.Text;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
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
        if (logging is null)
            _builder.Logging.AddConsoleLog(options.LogLevel, options.LogFormat == LogFormat.Json);
        else
            logging(_builder.Logging.ClearProviders());

        // It would make an activity for each request; the path has a fence and log lines of its own.
        _builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        _builder.Services.Configure<HostOptions>(
            host => host.ShutdownTimeout = options.DrainTimeout > TimeSpan.Zero ? options.DrainTimeout : TimeSpan.FromMilliseconds(1));
        _builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1; // as BackendPool does
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            KestrelLimits.Apply(kestrel.Limits, options);
            Listen(kestrel, options.ProxyHost, options.ProxyPort, listen => _proxy = listen);
            Listen(kestrel, options.AdminHost, options.AdminPort, listen =>
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
    public Uri ProxyAddress => AddressOf(_proxy);

    /// <summary>Where health, metrics and status are; once started.</summary>
    public Uri AdminAddress => AddressOf(_admin);

    public WebApplication Build() => _builder.Build();

    /// <summary>The listener is what counts: a Host header is the client's word.</summary>
    public static bool IsAdmin(HttpContext http) => http.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(AdminListener) == true;

    private static Uri AddressOf(ListenOptions? listen)
    {
        if (listen?.EndPoint is not IPEndPoint bound)
            throw new InvalidOperationException("The listener is not bound yet.");
        return new UriBuilder(
            "http",
            listen.ToString() is { } name && name.Contains("localhost", StringComparison.Ordinal) ? "localhost" : bound.Address.ToString(),
            bound.Port).Uri;
    }

    private static void Listen(KestrelServerOptions kestrel, string host, int port, Action<ListenOptions> more)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1;
            more(listen);
        }

        if (IPAddress.TryParse(host, out var address))
            kestrel.Listen(address, port, Configure);
        else if (!host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.Listen(Dns.GetHostAddresses(host)[0], port, Configure);
        else if (port == 0)
            kestrel.Listen(IPAddress.Loopback, 0, Configure); // a free port cannot be the same for both loopback addresses
        else
            kestrel.ListenLocalhost(port, Configure);
    }
}
