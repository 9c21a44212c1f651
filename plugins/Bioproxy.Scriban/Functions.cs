using Scriban.Functions;
using Scriban.Runtime;

namespace Bioproxy.Scriban;

/// <summary>The functions that templates may call: the library's, without those in <see cref="NotForTemplates"/>.</summary>
internal static class Functions
{
    /// <summary>The removed functions by full name, with the reason.</summary>
    public static readonly IReadOnlyDictionary<string, string> NotForTemplates = new Dictionary<string, string>
    {
        ["math.random"] = Random,
        ["math.uuid"] = Random,
        ["object.eval"] = Evaluation,
        ["object.eval_template"] = Evaluation,
    };

    private const string Random = "gives another text each time, so no KV cache could be kept: write a fixed text instead.";
    private const string Evaluation = "would run text as a template, maybe a user's: write it into the template.";

    /// <summary>Frozen, so that many renderings can share it.</summary>
    public static ScriptObject Create()
    {
        var functions = new BuiltinFunctions();
        // Scriban's 'date' reads the clock; here the name is the request's date, if the configuration enables it.
        functions.Remove("date");
        // All includes are read while parsing, and a list of names may be computed.
        functions.Remove("include_join");
        foreach (var name in NotForTemplates.Keys)
        {
            var parts = name.Split('.');
            ((ScriptObject)functions[parts[0]]!).Remove(parts[1]);
        }

        foreach (var group in functions.Values.OfType<ScriptObject>())
            group.IsReadOnly = true;
        functions.IsReadOnly = true;
        return functions;
    }
}
