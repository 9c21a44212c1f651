namespace Bioproxy.Host.Models.Slots;

/// <summary>One of the measured figures of <see cref="Rates"/>.</summary>
internal sealed class RateFigure
{
    private RateFigure(string name, Func<Rates, double> get, Func<Rates, double, Rates> set) => (Name, Get, Set) = (name, get, set);

    public static RateFigure Prefill { get; } =
        new("prefill", static r => r.Prefill, static (r, v) => r with { Prefill = v });

    public static RateFigure TokensPerByte { get; } =
        new("tokens_per_byte", static r => r.TokensPerByte, static (r, v) => r with { TokensPerByte = v });

    public static RateFigure Restore { get; } =
        new("restore", static r => r.Restore, static (r, v) => r with { Restore = v });

    public static RateFigure Save { get; } =
        new("save", static r => r.Save, static (r, v) => r with { Save = v, HasSaved = true });

    public static RateFigure BytesPerToken { get; } =
        new("bytes_per_token", static r => r.BytesPerToken, static (r, v) => r with { BytesPerToken = v });

    public static RateFigure RollBack { get; } =
        new("roll_back", static r => r.RollBack, static (r, v) => r with { RollBack = v });

    public static IReadOnlyList<RateFigure> All { get; } = [Prefill, TokensPerByte, Restore, Save, BytesPerToken, RollBack];

    /// <summary>What proxies call it among each other: never changes.</summary>
    public string Name { get; }

    public Func<Rates, double> Get { get; }

    public Func<Rates, double, Rates> Set { get; }
}
