namespace Bioproxy.Host.Models.Slots;

/// <summary>How fast a backend is, as far as measured. Plans compare seconds computed from these.</summary>
/// <param name="Prefill">Prompt tokens computed per second.</param>
/// <param name="Restore">Bytes of a saved state read per second.</param>
/// <param name="Save">Bytes of a state written per second.</param>
/// <param name="TokensPerByte">Tokens per byte of canonical text.</param>
/// <param name="BytesPerToken">Bytes of saved state per token.</param>
/// <param name="RollBack">The part, from 0 to 1, that was really reused where a state shared only a prefix with the prompt: a dense
/// model can be rolled back anywhere, others only to their checkpoints.</param>
/// <param name="HasRam">The server's own RAM cache works, as far as seen.</param>
/// <param name="HasSaved">Something was saved, so the cost is known; the first save measures it.</param>
internal readonly record struct Rates(
    double Prefill,
    double Restore,
    double Save,
    double TokensPerByte,
    double BytesPerToken,
    double RollBack,
    bool HasRam,
    bool HasSaved = false)
{
    /// <summary>Assumed before anything was measured: an average machine, an 8B model, English text.</summary>
    public static Rates Initial { get; } = new(
        Prefill: 500, Restore: 500e6, Save: 300e6, TokensPerByte: 0.25, BytesPerToken: 64e3, RollBack: 0.5, HasRam: true);

    /// <summary>Six control calls around the restore itself (measured 1.3 ms), and a wake-up of the server's loop.</summary>
    public const double RestoreOverhead = 0.005;

    public double PrefillSeconds(double tokens) => Math.Max(0, tokens) / Prefill;

    public double RestoreSeconds(long bytes) => RestoreOverhead + (bytes / Restore);
}
