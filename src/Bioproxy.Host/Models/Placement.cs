using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Models;

/// <summary>Where a request goes, and what has to be settled afterwards.</summary>
internal sealed record Placement
{
    /// <summary>The markers before a chat's first word are the same in every prompt, and nobody's cache.</summary>
    private const int LeastReuse = 32;

    /// <summary>Tokens are not spread evenly over a text.</summary>
    private const double Unevenness = 1.25;

    /// <summary>The backend chooses the slot, and nothing is known of it.</summary>
    public static Placement ServerChooses { get; } = new();

    /// <summary>The same, for a request of a domain: where another one has used the model, nothing is reused.</summary>
    /// <param name="domains">Who has used the model; this domain is added.</param>
    /// <param name="domain">Whose request it is.</param>
    /// <param name="hasCache">The backend understands that nothing may be reused.</param>
    public static Placement ByTheServer(DomainsSeen domains, string? domain, bool hasCache)
    {
        domains.Add(domain);
        return hasCache && domains.AreOthersThan(domain) ? new Placement { ForbidsReuse = true } : ServerChooses;
    }

    /// <summary>Another key's state may be in reach of the server's own choice: it must not reuse anything
    /// (<c>cache_prompt: false</c>).</summary>
    public bool ForbidsReuse { get; init; }

    /// <summary>The decision, for the explanation too.</summary>
    public SlotPlan Plan { get; init; } = new(PromptSource.Cold, null, 0);

    /// <summary>The work in the slot table; null when the backend's slots are not managed.</summary>
    public SlotWork? Work { get; init; }

    /// <summary>What its slot will hold; null when that cannot be remembered.</summary>
    public SlotContent? Content { get; init; }

    /// <summary>What was restored.</summary>
    public Snapshot? Snapshot { get; init; }

    /// <summary>Tokens expected to be reused; 0 when nothing is known.</summary>
    public double ExpectedTokens { get; init; }

    /// <summary>The slots are managed, here or by the proxy that owns the model.</summary>
    public bool IsManaged => Work is not null || IsRemote;

    /// <summary>Made by the proxy that owns the model, which settles it, too.</summary>
    public bool IsRemote { get; init; }

    /// <summary>How its server is reached, where the proxy that owns the model passes on what is sent to it; null where it is reached
    /// directly.</summary>
    public RelayedTurn? Relay { get; init; }

    /// <summary>Where the proxy that owns the model wants the prompt to be cut, because it begins with a preamble that is new there; 0 for
    /// nowhere. Only the proxy that has the request has its body.</summary>
    public int NewPreamble { get; init; }

    /// <summary>The slot that the work is pinned to; null leaves the choice to the backend.</summary>
    public int? Slot => IsRemote ? Plan.Pin : Work?.Slot;

    /// <summary>The part of the prompt, from 0 to 1, that its slot should hold already.</summary>
    public double Shared =>
        Plan.Source == PromptSource.Cold || Content is not { Chain.Length: > 0 } content ? 0 : Plan.Shared / (double)content.Chain.Length;

    /// <summary>Whether the backend reused clearly more than anything the proxy knows of explains. Such a state must not be saved: it may
    /// come from a file that another program restored wrongly, and would outlive the server.</summary>
    /// <param name="cached">Tokens reused.</param>
    /// <param name="prompt">Tokens of the prompt.</param>
    public bool IsUnexplained(int cached, int prompt) =>
        Plan.MayMeetForeignContent && Content is { Chain.Length: > 0 } content
            && cached > (Plan.Shared / (double)content.Chain.Length * prompt * Unevenness) + LeastReuse;

    /// <summary>Where the prompt's beginning really came from, by what the backend reports: <c>hot</c>, <c>ram</c>, <c>restored</c>,
    /// <c>cold</c> or <c>ineffective</c>.</summary>
    /// <param name="cached">Tokens reused; null when the backend has not told: then it is what was planned.</param>
    /// <param name="prompt">Tokens of the prompt.</param>
    public string Verdict(int? cached, int prompt)
    {
        if (cached is not { } reused)
            return Plan.Source switch
            {
                PromptSource.Hot => "hot",
                PromptSource.Restored => "restored",
                _ => Plan.IsExpectedInRam ? "ram" : "cold",
            };
        var hasEffect = reused * 10 >= Math.Min(ExpectedTokens, prompt);
        return Plan.Source switch
        {
            PromptSource.Restored => hasEffect ? "restored" : "ineffective",
            PromptSource.Hot when hasEffect => "hot",
            _ => reused >= LeastReuse && reused * 10 >= prompt ? "ram" : "cold",
        };
    }
}
