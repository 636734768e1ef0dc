<?php
/**
 * Plugin Name: Related articles
 * Description: Tells the related-articles server of every post that is published, changed or taken away.
 * Version: 1.0
 * Requires at least: 5.6
 * Requires PHP: 7.4
 *
 * Settings, in wp-config.php:
 *   define( 'RELATED_ARTICLES_URL', 'http://127.0.0.1:8000' );
 *   define( 'RELATED_ARTICLES_AUTHORIZATION', 'Bearer ...' );  // only where a proxy asks for one
 */

defined( 'ABSPATH' ) || exit;

final class Related_Articles {
	const RETRY    = 'related_articles_retry';
	const ATTEMPTS = 6;
	const SECONDS  = 5;

	/** @var array<int, int> Ids of posts to tell of at the end of this request => attempts before. */
	private static $changed = array();

	public static function start(): void {
		if ( ! defined( 'RELATED_ARTICLES_URL' ) ) {
			return;
		}
		// after terms and meta: a post without its categories would be told otherwise
		add_action( 'wp_after_insert_post', array( self::class, 'saved' ), 10, 2 );
		add_action( 'before_delete_post', array( self::class, 'deleted' ), 10, 2 );
		add_action( self::RETRY, array( self::class, 'changed' ), 10, 2 );
		add_action( 'shutdown', array( self::class, 'send' ), 1000 );
	}

	/** Publication, scheduled or not, change, unpublishing and the trash all come by here. */
	public static function saved( int $id, WP_Post $post ): void {
		$drafting = wp_is_post_revision( $id ) || wp_is_post_autosave( $id ) || 'auto-draft' === $post->post_status;
		if ( ! $drafting && self::is_told_of( $post ) ) {
			self::changed( $id );
		}
	}

	public static function deleted( int $id, WP_Post $post ): void {
		if ( self::is_told_of( $post ) ) {
			self::changed( $id );
		}
	}

	public static function changed( int $id, int $attempts = 0 ): void {
		self::$changed[ $id ] = $attempts;
	}

	/** After the answer to the editor, where the server can do that: nobody waits for it. */
	public static function send(): void {
		if ( ! self::$changed ) {
			return;
		}
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		}
		foreach ( self::$changed as $id => $attempts ) {
			$failure = self::tell( $id );
			if ( '' === $failure ) {
				continue;
			}
			error_log( "Related articles: post $id was not told: $failure" );
			if ( $attempts + 1 < self::ATTEMPTS ) {
				// 1, 4, 16, 64 and 256 minutes later
				$delay = MINUTE_IN_SECONDS * 4 ** $attempts;
				wp_schedule_single_event( time() + $delay, self::RETRY, array( $id, $attempts + 1 ) );
			}
		}
		self::$changed = array();
	}

	/** Tells how the post is now, so that it does not matter what happened in which order. */
	private static function tell( int $id ): string {
		$post    = get_post( $id );
		$public  = $post && 'publish' === $post->post_status && '' === $post->post_password;
		$headers = array();
		if ( defined( 'RELATED_ARTICLES_AUTHORIZATION' ) ) {
			$headers['Authorization'] = RELATED_ARTICLES_AUTHORIZATION;
		}
		$request = array( 'method' => 'DELETE', 'timeout' => self::SECONDS, 'headers' => $headers );
		if ( $public ) {
			$body = wp_json_encode( self::record( $post ) );
			if ( false === $body ) {
				return 'its text is no UTF-8';
			}
			$request['method']                  = 'PUT';
			$request['body']                    = $body;
			$request['headers']['Content-Type'] = 'application/json';
		}
		$address = rtrim( RELATED_ARTICLES_URL, '/' ) . '/v1/articles/' . rawurlencode( (string) $id );
		$answer  = wp_remote_request( $address, $request );
		if ( is_wp_error( $answer ) ) {
			return $answer->get_error_message();
		}
		$status = (int) wp_remote_retrieve_response_code( $answer );
		// 404: it was never told of; 409: a newer version was
		if ( ( $status >= 200 && $status < 300 ) || 409 === $status || ( 404 === $status && ! $public ) ) {
			return '';
		}
		return $status . ' ' . substr( wp_remote_retrieve_body( $answer ), 0, 500 );
	}

	/** @return array<string, mixed> The article; plugins may change it: related_articles_record. */
	private static function record( WP_Post $post ): array {
		$sections = wp_get_post_categories( $post->ID, array( 'fields' => 'names' ) );
		$tags     = wp_get_post_tags( $post->ID, array( 'fields' => 'names' ) );
		$author   = get_the_author_meta( 'display_name', (int) $post->post_author );
		$record   = array(
			'id'             => (string) $post->ID,
			'url'            => get_permalink( $post ),
			'title'          => $post->post_title,
			'teaser'         => $post->post_excerpt,
			'body'           => strip_shortcodes( do_blocks( $post->post_content ) ),
			'section'        => is_array( $sections ) && $sections ? $sections[0] : '',
			'tags'           => is_array( $tags ) ? $tags : array(),
			'authors'        => '' === $author ? array() : array( $author ),
			'language'       => get_bloginfo( 'language' ),
			'published_at'   => get_post_time( 'c', true, $post ),
			'updated_at'     => get_post_modified_time( 'c', true, $post ),
			'image_url'      => get_the_post_thumbnail_url( $post, 'large' ),
			'editors_choice' => is_sticky( $post->ID ),
		);
		// what WordPress does not know it says with false
		$record = array_filter( $record, static fn( $value ) => false !== $value );
		return apply_filters( 'related_articles_record', $record, $post );
	}

	private static function is_told_of( WP_Post $post ): bool {
		return in_array( $post->post_type, apply_filters( 'related_articles_types', array( 'post' ) ), true );
	}
}

Related_Articles::start();
