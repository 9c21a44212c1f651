using Bioproxy.Plugins.Shared;
using Scriban.Parsing;
using Scriban.Syntax;

namespace Bioproxy.Scriban;

/// <summary>
/// Walks through a parsed template: collects the includes, and rejects everything that templates must not use.
/// </summary>
internal sealed class NameChecker(Variables variables, Failure failure) : ScriptVisitor
{
    // The library evaluates recursively; no hand-written template is nested this deeply.
    private const int MaxDepth = 500;

    private const string Include = "include";

    private int _depth;

    /// <summary>The names of the includes and their positions.</summary>
    public List<(string Name, SourceSpan Span)> Includes { get; } = [];

    public override void Visit(ScriptNode? node)
    {
        if (node is null)
            return;
        if (++_depth > MaxDepth)
            throw failure.At(node.Span, "the template is nested too deeply here: split it.");
        node.Accept(this);
        _depth--;
    }

    public override void Visit(ScriptFunctionCall node)
    {
        if (node is not { Target: ScriptVariableGlobal { Name: Include }, Arguments: { Count: > 0 } arguments }
            || arguments[0] is not ScriptLiteral { Value: string name })
        {
            DefaultVisit(node);
            return;
        }

        Includes.Add((name, node.Span));
        foreach (var argument in arguments)
            Visit(argument);
    }

    public override void Visit(ScriptVariableGlobal node)
    {
        if (node.Name is Include or "include_join")
            throw failure.At(node.Span, $"'{node.Name}' must be used as in {{{{ include 'path/to/file.sbn' }}}}: the name cannot be "
                + "computed, because all files are read before a message is known.");
        if (node.Name == Variables.Model && !variables.HasModel || node.Name == Variables.Date && !variables.HasDate)
            throw failure.At(node.Span, variables.Refusal(node.Name));
    }

    public override void Visit(ScriptMemberExpression node)
    {
        // The name after the dot is not a variable.
        Visit(node.Target);
        if (node is { Target: ScriptVariableGlobal target, Member: { } member }
            && Functions.NotForTemplates.TryGetValue($"{target.Name}.{member.Name}", out var reason))
            throw failure.At(node.Span, $"'{target.Name}.{member.Name}' {reason}");
    }

    public override void Visit(ScriptNamedArgument node) => Visit(node.Value);

    public override void Visit(ScriptObjectMember node) => Visit(node.Value);
}
