namespace Bioproxy.Host.Pool;

/// <summary>What is written down about a running child.</summary>
/// <param name="Model">The model that it serves.</param>
/// <param name="Child">The child.</param>
/// <param name="Owner">The proxy that started it: while that one runs, the child is its own affair.</param>
/// <param name="Program">The path of the program that the child ran when it was started.</param>
/// <param name="Mark">In the environment of the child and of what it started (<see cref="MarkedProcesses"/>).</param>
/// <param name="Command">Its command line, for people.</param>
internal sealed record ChildRecord(
    string Model, ProcessIdentity Child, ProcessIdentity Owner, string? Program, string Mark, IReadOnlyList<string> Command)
{
    /// <summary>
    /// Whether the child still runs and is the one that was started: number, start and either the program or the mark are the same. A
    /// script that ends with <c>exec</c> has another program now, and keeps its mark.
    /// </summary>
    public bool IsRunning => Child.IsAlive
        && ((Program is not null && ProcessIdentity.ProgramOf(Child.Id) == Program)
            || MarkedProcesses.Has(Child.Id, Mark));
}
