using System.Security.Cryptography;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Cluster;

/// <summary>Turns and estimates as messages between proxies.</summary>
internal static class TurnMessages
{
    /// <summary>A turn at another proxy's pool is a permission, too: all of its number is random.</summary>
    public static Guid NewTurn() => new(RandomNumberGenerator.GetBytes(16));

    /// <param name="proxy">The proxy that asks.</param>
    /// <param name="model">What the server calls the model.</param>
    /// <param name="entry">What waits.</param>
    public static TurnRequest Of(string proxy, string? model, QueueEntry entry) => new()
    {
        Turn = NewTurn(),
        Proxy = proxy,
        Model = model,
        Lane = (int)entry.Lane,
        Weight = entry.Weight,
        Client = entry.Client,
        PromptSeconds = entry.PromptSeconds,
        Domain = entry.Domain,
        Prompt = PromptMessages.Of(entry.Prompt),
    };

    public static EstimateRequest Of(string? model, CanonicalPrompt? prompt, Lane lane, int weight) => new()
    {
        Model = model,
        Lane = (int)lane,
        Weight = weight,
        Prompt = PromptMessages.OutlineOf(prompt),
        Domain = prompt?.Domain,
    };

    public static RouteFigures Read(in TurnEstimate estimate) =>
        new(estimate.Wait, estimate.Load, estimate.Prompt, estimate.Eviction, estimate.Busy)
        {
            IsAway = estimate.IsAway,
            HasSlots = estimate.HasSlots,
        };

    /// <summary>Why the model cannot be used; null when it can.</summary>
    public static ProxyFailure? FailureOf(TurnAnswer answer) =>
        answer.Failure is { } failure ? new ProxyFailure((FailureKind)answer.FailureKind, failure, answer.RetryAfter) : null;

    /// <param name="answer">The owner's answer.</param>
    /// <param name="lane">The lane that was asked for.</param>
    /// <param name="now">The time stamp.</param>
    /// <param name="turn">Makes the turn that was granted.</param>
    public static QueueGrant GrantOf(TurnAnswer answer, Lane lane, long now, Func<PlacementMessage, IRemoteTurn> turn)
    {
        if (FailureOf(answer) is { } failure)
            return new QueueGrant(null, QueueRefusal.None, answer.Waited, TimeSpan.Zero) { Failure = failure };
        if (answer.Placement is not { } placement)
            return new QueueGrant(null, (QueueRefusal)answer.Refusal, answer.Waited, answer.RetryAfter);
        return new QueueGrant(new Lease(turn(placement), lane, answer.Weight, now), QueueRefusal.None, answer.Waited, TimeSpan.Zero);
    }
}
