namespace Bioproxy.Host.Requests;

/// <summary>The tokens of a plugin's answer: those of everything that it asked the backend.</summary>
/// <param name="IsWanted">The client asked for them in its stream (<c>stream_options.include_usage</c>).</param>
/// <param name="Prompt">Of prompts.</param>
/// <param name="Cached">Of prompts, and reused.</param>
/// <param name="Generated">Of answers.</param>
internal readonly record struct ReplyUsage(bool IsWanted = false, int Prompt = 0, int Cached = 0, int Generated = 0);
