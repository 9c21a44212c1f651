using System.Net;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Cluster.Pools;

/// <summary>What this proxy tells the others of its pool.</summary>
internal sealed partial class OwnPool(ProxyOptions options, ModelDirectory models, ILogger<OwnPool> logger)
{
    private readonly ILogger<OwnPool> _logger = logger;
    private Uri? _address;

    /// <summary>Why other proxies cannot use the pool; null when they can, or there is none.</summary>
    public string? Problem { get; private set; }

    /// <summary>Null without a pool.</summary>
    public PoolMessage? Message => options.Pool is null || _address is not { } address ? null : new()
    {
        Address = address.OriginalString,
        Models = [.. models.All.Where(IsOwn).Select(MessageOf)],
    };

    /// <summary>The proxy listens; its address is known from now on.</summary>
    public void ListensAt(Uri listens) =>
        _address = PoolAddress.Of(listens, options.ProxyHost, IPEndPoint.Parse(options.Cluster!.Advertise));

    /// <summary>These proxies are in the cluster. Says once that one of them cannot reach the pool.</summary>
    public void Met(IReadOnlyCollection<string> proxies)
    {
        var isHidden = options.Pool is not null && _address is { } address && PoolAddress.IsOfItsMachine(address);
        var outside = !isHidden ? null
            : proxies.Where(proxy => !PoolAddress.AreOnOneMachine(proxy, options.Cluster!.Advertise)).Min(StringComparer.Ordinal);
        var wasSaid = Problem is not null;
        Problem = outside is null ? null
            : $"The proxies of other machines ({outside}) cannot use the pool of this one, which listens at {_address}. "
                + "Set proxy_host to an address of this machine.";
        if (!wasSaid && Problem is not null)
            LogUnreachable(Problem);
    }

    private static bool IsOwn(ServedModel model) => model.Backend is { Options.IsPooled: true, Proxy: null };

    private static PooledModelMessage MessageOf(ServedModel model)
    {
        var facts = model.Backend.Monitor.State.Facts;
        return new()
        {
            Name = model.Backend.Options.Name,
            // The pool knows that its server has started a moment before its slots are known.
            State = model.Backend.Loader!.State is var state && state == "ready" && facts is null ? "loading" : state,
            LoadSeconds = model.LoadSeconds,
            Slots = facts?.TotalSlots,
            Context = facts?.ContextPerSlot,
            Meta = facts?.ModelMeta,
            Type = facts?.ModelType,
            Build = facts?.Build,
            Adapters = facts?.Adapters,
            SeesImages = facts?.SeesImages ?? false,
            CallsTools = facts?.CallsTools ?? false,
        };
    }

    [LoggerMessage(LogLevel.Warning, "{Problem}")]
    private partial void LogUnreachable(string problem);
}
