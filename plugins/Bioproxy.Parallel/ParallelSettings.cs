using System.Text.Json.Serialization;
using Bioproxy.Abstractions;

namespace Bioproxy.Parallel;

/// <summary>The settings under <c>plugins.Bioproxy.Parallel</c>.</summary>
/// <remarks>
/// Properties with <c>set</c>, not <c>init</c>: the source-generated reader loses the defaults of <c>init</c> properties.
/// </remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ParallelSettings
{
    public const string ByJudge = "judge";
    public const string AsList = "list";

    /// <summary>How many answers are requested.</summary>
    public int Variants { get; set; } = 3;

    /// <summary>How many of them at once.</summary>
    public int Concurrency { get; set; } = 2;

    /// <summary><see cref="ByJudge"/> or <see cref="AsList"/>.</summary>
    public string Merge { get; set; } = ByJudge;

    /// <summary>The judge's prompt.</summary>
    public string JudgePrompt { get; set; } = Parallel.JudgePrompt.Default;

    /// <summary>The variants' temperature; null leaves the client's.</summary>
    public double? Temperature { get; set; }

    /// <summary>Text appended to the user's message, one per variant; nothing for empty texts and variants beyond the list.</summary>
    public IReadOnlyList<string?> Instructions { get; set; } = [];

    /// <summary>The maximum length of one answer in the judge's prompt.</summary>
    public int MaxAnswerCharacters { get; set; } = 12_000;

    /// <exception cref="PluginSettingsException">They are invalid; the message names every wrong key.</exception>
    public static ParallelSettings Read(IPluginServices services)
    {
        var settings = services.Read(ParallelJson.Default.ParallelSettings);
        var mistakes = settings.Mistakes().Select(mistake => $"plugins.{services.PluginName}.{mistake}").ToList();
        return mistakes.Count == 0 ? settings : throw new PluginSettingsException(string.Join(Environment.NewLine, mistakes));
    }

    public string? Instruction(int variant) =>
        variant < Instructions.Count && !string.IsNullOrWhiteSpace(Instructions[variant]) ? Instructions[variant] : null;

    private IEnumerable<string> Mistakes()
    {
        if (Variants is < 2 or > 16)
            yield return $"variants is {Variants}: it must be from 2 to 16.";
        if (Concurrency < 1 || Concurrency > Variants)
            yield return $"concurrency is {Concurrency}: it must be from 1 to the number of variants ({Variants}).";
        if (Merge is not (ByJudge or AsList))
            yield return $"merge is '{Merge}': it must be \"{ByJudge}\" or \"{AsList}\".";
        if (JudgePrompt is null || !JudgePrompt.Contains("{question}", StringComparison.Ordinal)
            || !JudgePrompt.Contains("{answers}", StringComparison.Ordinal))
            yield return "judge_prompt must contain {question} and {answers}: the judge would not know what to judge. Begin it with "
                + "{question}, and the prompt keeps its KV cache.";
        if (Temperature is { } temperature && !(temperature >= 0 && double.IsFinite(temperature)))
            yield return $"temperature is {Temperature}: it must be 0 or more, and above 0 for variants that differ.";
        if (Instructions is null)
            yield return "instructions is null: it must be an array of texts; leave it out for none.";
        else if (Instructions.Count > Variants)
            yield return $"instructions has {Instructions.Count} texts for {Variants} variants: it may have one for each.";
        if (MaxAnswerCharacters < 100)
            yield return $"max_answer_characters is {MaxAnswerCharacters}: it must be 100 or more.";
    }
}
