namespace Bioproxy.Host.Pool;

/// <summary>What is written down about a running child.</summary>
/// <param name="Model">The model that it serves.</param>
/// <param name="Child">The child.</param>
/// <param name="Owner">The proxy that started it: while that one runs, the child is its own affair.</param>
/// <param name="Program">The path of the program that the child ran when it was started.</param>
/// <param name="Mark">The value of <see cref="Variable"/> in the child's environment; no other process has it.</param>
/// <param name="Command">Its command line, for people.</param>
internal sealed record ChildRecord(
    string Model, ProcessIdentity Child, ProcessIdentity Owner, string? Program, string Mark, IReadOnlyList<string> Command)
{
    /// <summary>Stays with a child that replaces its program, as a script with <c>exec</c> at its end does.</summary>
    public const string Variable = "BIOPROXY_POOL_CHILD";

    /// <summary>
    /// Whether the child still runs and is the one that was started: number, start and either the program or the mark are the same.
    /// </summary>
    public bool IsRunning => Child.IsAlive
        && ((Program is not null && ProcessIdentity.ProgramOf(Child.Id) == Program)
            || ProcessIdentity.HasVariable(Child.Id, Variable, Mark));
}
