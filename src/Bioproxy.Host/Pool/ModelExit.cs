namespace Bioproxy.Host.Pool;

/// <summary>How a model's process ended.</summary>
/// <param name="Code">Its exit code; 128 and more is a signal's number plus 128.</param>
/// <param name="Problem">One sentence about it with the last lines of its log.</param>
internal sealed record ModelExit(int Code, string Problem);
