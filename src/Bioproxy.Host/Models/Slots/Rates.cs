namespace Bioproxy.Host.Models.Slots;

/// <summary>How fast a backend is, as far as it has shown. Plans compare seconds made of these.</summary>
/// <param name="Prefill">Prompt tokens computed a second.</param>
/// <param name="Restore">Bytes of a saved state read a second.</param>
/// <param name="Save">Bytes of a state written a second.</param>
/// <param name="TokensPerByte">Tokens that a byte of canonical text makes.</param>
/// <param name="BytesPerToken">Bytes of saved state a token.</param>
/// <param name="RollBack">The part, from 0 to 1, that was really reused where a state shared only a beginning with the prompt: a
/// dense model goes back in a state, others only to their checkpoints.</param>
/// <param name="HasRam">Whether the server's own RAM cache has shown no lack.</param>
/// <param name="HasSaved">Something was saved, so that its cost is known; the first save finds that out.</param>
internal readonly record struct Rates(double Prefill, double Restore, double Save, double TokensPerByte, double BytesPerToken, double RollBack, bool HasRam, bool HasSaved = false)
{
    /// <summary>What is assumed before anything was seen: a middling machine, an 8B model, English.</summary>
    public static Rates Initial { get; } = new(Prefill: 500, Restore: 500e6, Save: 300e6, TokensPerByte: 0.25, BytesPerToken: 64e3, RollBack: 0.5, HasRam: true);

    /// <summary>Six control calls around the restore itself (measured 1.3 ms), and a wake-up of the server's loop.</summary>
    public const double RestoreOverhead = 0.005;

    public double PrefillSeconds(double tokens) => Math.Max(0, tokens) / Prefill;

    public double RestoreSeconds(long bytes) => RestoreOverhead + (bytes / Restore);
}
