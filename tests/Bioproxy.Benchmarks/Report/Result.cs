namespace Bioproxy.Benchmarks.Report;

/// <summary>One line of the table.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Measured">The figure, with its unit.</param>
/// <param name="Goal">The goal; empty for a figure that is only reported.</param>
/// <param name="IsMet">Whether the goal is met; null without a goal.</param>
internal sealed record Result(string Name, string Measured, string Goal = "", bool? IsMet = null);
