namespace Bioproxy.Doubles;

/// <summary>
/// How far a measurement may be from what is expected, each with its reason. Differences are those of
/// <see cref="ChatProbe.MaxDifference"/>: log-probabilities of the first token, measured on the models of <see cref="TinyModel"/>, whose
/// random weights are sharp.
/// </summary>
internal static class Tolerances
{
    /// <summary>
    /// A server computes a prompt in steps of 512 tokens (-ub). Where warm and cold split it alike, because the template is a whole number
    /// of steps, only the snapshot can make a difference: 0.000 for llama and mamba, 0.01 to 0.02 for gemma3, whose server splits four
    /// tokens off the end for a checkpoint.
    /// </summary>
    public const double SameSplit = 0.035;

    /// <summary>The same prompt split into other batches: 0.06 measured.</summary>
    public const double OtherSplit = 0.1;

    /// <summary>Two prompts computed in the same batches move each other a little more than another split does.</summary>
    public const double SharedBatches = 0.3;

    /// <summary>Any split, shared with any other prompt, over many steps: 0.15 measured.</summary>
    public const double AnySplit = 0.5;

    /// <summary>Other weights or another prompt prefix differ by several units; less than this would not prove a thing.</summary>
    public const double Different = 1;

    /// <summary>
    /// The least part of a template that a restore has to give: models that cannot roll back compute its last tokens again.
    /// </summary>
    public const double RestoredPart = 0.98;

    /// <summary>Tokens that a model computes again because it can only continue a state, not go back in it.</summary>
    public const int RollbackTokens = 16;

    /// <summary>
    /// Prompt tokens computed over those that nobody can have computed before, with a restart after every round: what the servers of the
    /// three architectures cut off the end of a state, and conversations that were not worth saving yet. 1.0 to 1.2 measured.
    /// </summary>
    public const double ComputedAgain = 1.3;

    /// <summary>
    /// The same for models that make room for each other, which must not cost a conversation anything: 0.995 measured with two and three
    /// models, six conversations of four turns each.
    /// </summary>
    public const double ComputedAcrossSwaps = 1.1;

    /// <summary>
    /// Prompt tokens computed behind the proxy over those of a server alone: where the two split a prompt differs by a token or two.
    /// </summary>
    public const double BesideAlone = 1.02;

    /// <summary>The limit of what takes milliseconds on an idle machine; a busy one with two cores needed up to three seconds.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);
}
