namespace Bioproxy.Testing;

/// <summary>A message of a prompt as received by the backend.</summary>
/// <param name="Role">The role as sent; a raw completion prompt has the role <c>user</c>.</param>
/// <param name="Text">Its texts, concatenated; without images and other parts.</param>
public sealed record HarnessMessage(string Role, string Text);
