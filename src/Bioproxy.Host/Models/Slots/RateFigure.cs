namespace Bioproxy.Host.Models.Slots;

/// <summary>One of the measured figures of <see cref="Rates"/>.</summary>
internal sealed class RateFigure
{
    private RateFigure(Func<Rates, double> get, Func<Rates, double, Rates> set) => (Get, Set) = (get, set);

    public static RateFigure Prefill { get; } = new(static r => r.Prefill, static (r, v) => r with { Prefill = v });

    public static RateFigure TokensPerByte { get; } = new(static r => r.TokensPerByte, static (r, v) => r with { TokensPerByte = v });

    public static RateFigure Restore { get; } = new(static r => r.Restore, static (r, v) => r with { Restore = v });

    public static RateFigure Save { get; } = new(static r => r.Save, static (r, v) => r with { Save = v, HasSaved = true });

    public static RateFigure BytesPerToken { get; } = new(static r => r.BytesPerToken, static (r, v) => r with { BytesPerToken = v });

    public static RateFigure RollBack { get; } = new(static r => r.RollBack, static (r, v) => r with { RollBack = v });

    public static IReadOnlyList<RateFigure> All { get; } = [Prefill, TokensPerByte, Restore, Save, BytesPerToken, RollBack];

    public Func<Rates, double> Get { get; }

    public Func<Rates, double, Rates> Set { get; }
}
