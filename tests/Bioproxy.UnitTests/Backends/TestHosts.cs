using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers.LlamaSwap;
using Bioproxy.Host.Backends.Drivers.Ollama;
using Bioproxy.Host.Backends.Drivers.Other;
using Bioproxy.Host.Backends.Drivers.Router;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Backends;

/// <summary>Makes servers with several models whose models make no backends.</summary>
internal static class TestHosts
{
    public static ModelHost Router(Uri url, TimeSpan connectTimeout) =>
        Of(new RouterServer(new BackendOptions("router", url), connectTimeout));

    public static ModelHost LlamaSwap(Uri url, TimeSpan connectTimeout) =>
        Of(new LlamaSwapServer(new BackendOptions("swap", url), connectTimeout));

    /// <param name="url">The server's address.</param>
    /// <param name="connectTimeout">The longest wait for a connection.</param>
    /// <param name="time">The clock; by default one on which every list is old.</param>
    public static ModelHost Ollama(Uri url, TimeSpan connectTimeout, TimeProvider? time = null) =>
        Of(new OllamaServer(new BackendOptions("ollama", url), connectTimeout, time ?? new HurryingClock()));

    public static ModelHost OpenAi(Uri url, TimeSpan connectTimeout) =>
        Of(new OpenAiServer(new BackendOptions("openai", url), connectTimeout, new HurryingClock()));

    private static ModelHost Of(IModelServer server) => new(
        server,
        new SwapGate(TimeProvider.System, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), NullLogger<SwapGate>.Instance),
        TimeProvider.System,
        static (_, model) => new Backend(new BackendOptions("x", new Uri("http://localhost")), null!, null!, null!)
        {
            Model = model.Name,
            Aliases = model.Aliases,
        });

    /// <summary>Ten seconds pass between any two looks at it.</summary>
    private sealed class HurryingClock : TimeProvider
    {
        private long _seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Add(ref _seconds, 10);
    }
}
